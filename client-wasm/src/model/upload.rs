//! What becomes of a file that is sent to the server's import.

use shared::ImportMessage;

/// A report about a file on its way.
pub enum Progress {
    /// At least this part of the file was read by the server, from 0 to 1.
    Read(f64),
    /// The server told something.
    Told(ImportMessage),
    /// The answer is complete, or is a refusal, whose words these are.
    Ended(Result<(), Option<String>>),
}
