//! Passwords: which will do, and how they are kept (Argon2id, RFC 9106).

use std::sync::Arc;

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

/// How many wait for that, those that are calculated among them: a second's work.
const MAX_WAITING: usize = 24;

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
    room: Arc<Semaphore>,
    /// Who calculates, and who waits to.
    queue: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(MAX_AT_ONCE)),
            queue: Arc::new(Semaphore::new(MAX_WAITING)),
        }
    }
}

impl Hasher {
    /// Calculates, unless too many others wait to. It goes on where whoever asked is gone, and has its room
    /// until then.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let place = self.queue.clone().try_acquire_owned().ok()?;
        let room = self.room.clone().acquire_owned().await.ok()?;
        let done = spawn_blocking(move || {
            let _held = (place, room);
            work()
        });
        done.await.ok()
    }

    /// The hash of a password.
    pub async fn hash(&self, password: String) -> Option<String> {
        self.run(move || hash_password(&password)).await.flatten()
    }

    /// Whether a password has this hash; `None` where too many others wait to be told. Without a hash as much is
    /// calculated.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Option<bool> {
        // None that is too long was ever taken.
        let is_somebodys = hash.is_some() && password.len() <= MAX_BYTES;
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let verified = self.run(move || {
            let password = password.as_bytes();
            let password = &password[..password.len().min(MAX_BYTES)];
            let hash = PasswordHash::new(&hash);
            hash.is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
        });
        Some(verified.await? && is_somebodys)
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
        let verify = async |password: &str, hash| hasher.verify(password.to_owned(), hash).await;
        assert_eq!(verify("correct horse", hash.clone()).await, Some(true));
        assert_eq!(verify("correct hors", hash).await, Some(false));
        assert_eq!(verify("correct horse", None).await, Some(false));
        assert_eq!(verify("", Some("damaged".to_owned())).await, Some(false));
        let settings = |hash: &str| hash.split('$').take(4).collect::<String>();
        let own = hash_password("correct horse").expect("a hash");
        assert_eq!(settings(&own), settings(NOBODY), "both take as long");
    }
}
