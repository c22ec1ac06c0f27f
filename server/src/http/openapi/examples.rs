//! What requests and answers look like, for whoever reads the description.

use serde_json::{Value, json};

/// A new product.
pub fn draft() -> Value {
    json!({
        "title": "Desk lamp", "description": "With a long arm.", "code": "LMP-1", "price": 49.9,
        "stock": 12, "category": "lighting", "thumbnails": ["https://shop.example/lamp.webp"],
    })
}

/// A change of a product.
pub fn patch() -> Value {
    json!({"price": 44.9, "description": null})
}

/// A product that is there.
pub fn product() -> Value {
    json!({
        "id": 1, "revision": 7, "title": "Desk lamp", "description": "With a long arm.",
        "code": "LMP-1", "price": 49.9, "status": true, "stock": 12, "category": "lighting",
        "thumbnails": ["https://shop.example/lamp.webp"],
    })
}

/// A refusal.
pub fn problem_document() -> Value {
    json!({
        "type": "urn:vitrina:problem:invalid", "title": "Unprocessable Entity", "status": 422,
        "detail": "These fields are not as they must be: price", "code": "invalid",
        "fields": [{"field": "price", "code": "negative", "message": "Zero or more."}],
    })
}
