//! The list as socketioxide would keep it: axum and socketioxide, products in an array.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use tokio::net::TcpListener;

type Products = Arc<Mutex<Vec<Value>>>;

async fn add(
    State((io, products)): State<(SocketIo, Products)>,
    Json(mut product): Json<Value>,
) -> (StatusCode, Json<Value>) {
    {
        let mut products = products.lock().unwrap_or_else(PoisonError::into_inner);
        product["id"] = (products.len() + 1).into();
        products.push(product.clone());
    }
    // A connection whose queue is full misses it; the others have it.
    let _ = io.emit("added", &product).await;
    (StatusCode::CREATED, Json(product))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let products = Products::default();
    let (layer, io) = SocketIo::new_layer();
    let known = products.clone();
    io.ns("/", async move |socket: SocketRef| {
        let products = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let _ = socket.emit("products", &products);
    });
    let app = Router::new()
        .route("/api/products", post(add))
        .with_state((io, products))
        .layer(layer);
    let listen = std::env::args().skip_while(|argument| argument != "--listen").nth(1);
    let listener = TcpListener::bind(listen.ok_or("usage: --listen ADDR:PORT")?).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
