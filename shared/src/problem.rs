//! Why something was refused, in the reader's words: the same over the socket, over HTTP and in
//! the form.

use serde::{Deserialize, Serialize};

/// Why something was refused, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stable name of the reason, for programs.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// What is wrong with each field, where fields are the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

/// What is wrong with one field, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The field's name in JSON.
    pub field: String,
    /// The stable name of the rule, for programs.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub message: String,
}

impl Problem {
    /// What is wrong in one line: with each field, where fields are the reason.
    pub fn in_one_line(&self) -> String {
        if self.fields.is_empty() {
            return self.message.clone();
        }
        let fields = self.fields.iter();
        let fields: Vec<String> = fields
            .map(|field| format!("{}: {}", field.field, field.message))
            .collect();
        fields.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_names_each_field_where_fields_are_the_reason() {
        let field = |field: &str, message: &str| FieldProblem {
            field: field.to_owned(),
            code: String::new(),
            message: message.to_owned(),
        };
        let mut problem = Problem {
            code: "invalid".to_owned(),
            message: "Look at the fields.".to_owned(),
            fields: Vec::new(),
        };
        assert_eq!(problem.in_one_line(), "Look at the fields.");
        problem.fields = vec![field("title", "Too long."), field("stock", "Not whole.")];
        assert_eq!(problem.in_one_line(), "title: Too long. stock: Not whole.");
    }
}
