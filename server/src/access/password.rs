//! Passwords: which will do, and how they are kept (Argon2id, RFC 9106).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// The fewest characters (NIST SP 800-63B section 3.1.1.2).
const MIN_CHARS: usize = 8;

/// The most bytes: more would only be calculated with for longer.
const MAX_BYTES: usize = 512;

/// How many are calculated at a time: each takes 19 MiB and some hundredths of a second.
const MAX_AT_ONCE: usize = 2;

/// The most used passwords of eight characters and more, lower case.
const MOST_USED: &str = include_str!("most_used_passwords.txt");

/// Why a password won't do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PasswordFault {
    /// It has fewer than eight characters.
    TooShort,
    /// It is longer than anybody types.
    TooLong,
    /// It is one of those that are tried first, or the name itself.
    MostUsed,
}

/// Whether this will do as somebody's password.
pub fn check_password(name: &str, password: &str) -> Result<(), PasswordFault> {
    if password.chars().count() < MIN_CHARS {
        return Err(PasswordFault::TooShort);
    }
    if password.len() > MAX_BYTES {
        return Err(PasswordFault::TooLong);
    }
    let lower = password.to_lowercase();
    let mut chars = lower.chars();
    let first = chars.next();
    let is_one_char = chars.all(|char| Some(char) == first);
    let is_most_used = MOST_USED.lines().any(|line| line == lower);
    if is_most_used || is_one_char || lower == name.to_lowercase() {
        return Err(PasswordFault::MostUsed);
    }
    Ok(())
}

/// The hash of a password (PHC string format); `None` where there is no randomness to be had.
pub fn hash_password(password: &str) -> Option<String> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    hashed.ok().map(|hash| hash.to_string())
}

/// The hash of a password that nobody knows, with the same settings as any other's.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$+UIOazx5JnBNcx1DQXofdQ$vOS17EscC3rxDzpNfjEm7YalFUmun5Muowz7jt4IpW4";

/// Calculates hashes, a few at a time, where nobody else is held up.
pub struct Hasher {
    room: Semaphore,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            room: Semaphore::new(MAX_AT_ONCE),
        }
    }
}

impl Hasher {
    /// The hash of a password.
    pub async fn hash(&self, password: String) -> Option<String> {
        let _room = self.room.acquire().await;
        let hashed = spawn_blocking(move || hash_password(&password)).await;
        hashed.ok().flatten()
    }

    /// Whether a password has this hash. Without one as much is calculated.
    pub async fn verify(&self, password: String, hash: Option<String>) -> bool {
        let _room = self.room.acquire().await;
        let is_somebodys = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let verified = spawn_blocking(move || {
            // None that is too long was ever taken.
            let password = password.get(..MAX_BYTES + 1).unwrap_or(&password);
            let hash = PasswordHash::new(&hash);
            hash.is_ok_and(|hash| {
                let verified = Argon2::default().verify_password(password.as_bytes(), &hash);
                verified.is_ok()
            })
        });
        verified.await.unwrap_or_default() && is_somebodys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_will_not_do() {
        for (password, fault) in [
            ("short77", PasswordFault::TooShort),
            ("ñandúes", PasswordFault::TooShort),
            ("password", PasswordFault::MostUsed),
            ("PassWord123", PasswordFault::MostUsed),
            ("contraseña", PasswordFault::MostUsed),
            ("aaaaaaaaaaaa", PasswordFault::MostUsed),
            ("Ana María", PasswordFault::MostUsed),
        ] {
            assert_eq!(
                check_password("ana maría", password),
                Err(fault),
                "{password}"
            );
        }
        let long = "ab".repeat(300);
        assert_eq!(check_password("ana", &long), Err(PasswordFault::TooLong));
        assert_eq!(check_password("ana", "correct horse battery"), Ok(()));
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse".to_owned()).await;
        assert!(
            hash.as_ref()
                .is_some_and(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"))
        );
        assert!(
            hasher
                .verify("correct horse".to_owned(), hash.clone())
                .await
        );
        assert!(!hasher.verify("correct hors".to_owned(), hash).await);
        assert!(!hasher.verify("correct horse".to_owned(), None).await);
        assert!(
            !hasher
                .verify(String::new(), Some("damaged".to_owned()))
                .await
        );
    }
}
