//! [`Passwords`]: hashes and verifies passwords.

pub(crate) mod basic;
mod hashing_pool;
pub(crate) mod password;

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::Error as HashError;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
};
use resourceful::{Error, Result};

use crate::passwords::hashing_pool::HashingPool;
use crate::passwords::password::{Password, normalised};

/// OWASP's first choice of 19 MiB, two passes and one lane (Password Storage Cheat Sheet).
const DEFAULT_COST: Params = match Params::new(19 * 1024, 2, 1, None) {
    Ok(params) => params,
    Err(_) => panic!("the cost is valid"),
};

/// Number of requests that may wait for a thread, for each thread.
const WAITING_PER_THREAD: usize = 16;

/// Maximum cost of a hash that was stored: 1 GiB, 64 passes and 16 lanes.
const MAX_STORED_COST: (u32, u32, u32) = (1024 * 1024, 64, 16);

/// Hashes and verifies passwords by argon2id (RFC 9106), a bounded number at the same time.
///
/// Hashing runs on tokio's blocking pool. By default one thread less than there are cores hashes, at least one, and
/// 16 requests for each of them wait; others get 429 with `Retry-After`. So a flood of passwords leaves
/// the processors and the memory to other requests. Clones share the bounds.
///
/// # Examples
/// ```
/// use resourceful_auth::{Password, Passwords};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let passwords = Passwords::new();
/// # let passwords = passwords.with_cost(8, 1, 1);
/// // Sign-up: the database gets the hash.
/// let hash = passwords.hash(&Password::new("correct horse")?).await?;
/// assert!(hash.starts_with("$argon2id$v=19$"));
///
/// // Sign-in: `None` in place of the hash if there is no such user.
/// assert!(passwords.verify("correct horse", Some(&hash)).await?.is_some());
/// assert!(passwords.verify("wrong horse", Some(&hash)).await?.is_none());
/// assert!(passwords.verify("correct horse", None).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Passwords {
    params: Params,
    /// The hash of no password, for users that do not exist.
    nobody: Arc<PasswordHash>,
    pool: HashingPool,
}

/// A password was right.
///
/// # Examples
/// ```
/// use resourceful_auth::{Password, Passwords};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let password = Password::new("correct horse")?;
/// let old_hash = Passwords::new().with_cost(8, 1, 1).hash(&password).await?;
/// let passwords = Passwords::new().with_cost(16, 1, 1);
/// let verified = passwords.verify(password.as_str(), Some(&old_hash)).await?.expect("it is right");
/// assert!(verified.needs_rehash()); // store `passwords.hash(&password)`
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    needs_rehash: bool,
}

impl Verified {
    /// Whether the hash has another algorithm or cost than new ones get. It should be replaced.
    #[must_use]
    pub fn needs_rehash(self) -> bool {
        self.needs_rehash
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// The cost that OWASP recommends: 19 MiB, two passes, one lane. A hash takes some 40 ms.
    ///
    /// # Examples
    /// See [`Passwords`].
    #[must_use]
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        // Other requests keep a core.
        let max_threads = cores.saturating_sub(1).max(1);
        Self {
            params: DEFAULT_COST,
            nobody: Arc::new(hash_of_nobody(&DEFAULT_COST)),
            pool: HashingPool::new(max_threads, WAITING_PER_THREAD * max_threads),
        }
    }

    /// Sets the cost of new hashes: KiB of memory, passes over it, and lanes, which are computed one after the other.
    ///
    /// Hashes that were stored keep their cost: see [`Verified::needs_rehash`].
    ///
    /// # Panics
    /// If the cost is not between 8 KiB for each lane, one pass and one lane, and 1 GiB, 64 passes and 16 lanes.
    ///
    /// # Examples
    /// ```
    /// let passwords = resourceful_auth::Passwords::new().with_cost(64 * 1024, 3, 1);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_cost(self, memory_kib: u32, passes: u32, lanes: u32) -> Self {
        let params = Params::new(memory_kib, passes, lanes, None).ok();
        let params = params
            .filter(is_affordable)
            .expect("the cost is between the minimum of argon2 and 1 GiB, 64 passes and 16 lanes");
        Self {
            nobody: Arc::new(hash_of_nobody(&params)),
            params,
            pool: self.pool,
        }
    }

    /// Sets how many threads hash at the same time, and how many requests may wait for one of them.
    ///
    /// # Panics
    /// If no thread may hash.
    ///
    /// # Examples
    /// ```
    /// let passwords = resourceful_auth::Passwords::new().with_limits(4, 100);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_limits(self, max_threads: usize, max_waiting: usize) -> Self {
        assert!(max_threads > 0, "at least one thread hashes passwords");
        Self {
            pool: HashingPool::new(max_threads, max_waiting),
            ..self
        }
    }

    /// Hashes a password under a random salt. Returns a PHC string of some 100 ASCII characters, which has all
    /// that [`verify`](Self::verify) needs.
    ///
    /// # Errors
    /// 429 with `Retry-After` if too many requests wait; 500 if there is not enough memory.
    ///
    /// # Examples
    /// See [`Passwords`].
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let password = password.text();
        let hash = self.pool.run(move || {
            let hash: Result<PasswordHash, _> = argon2.hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string())
        });
        hash.await?.map_err(failed)
    }

    /// Verifies a password. `hash` is what [`hash`](Self::hash) returned, or any other PHC string of argon2; `None`
    /// if there is no such user, which takes the same time. Returns `None` if the password is wrong.
    ///
    /// A text of more than 256 characters is no password, and is not hashed.
    ///
    /// # Errors
    /// 429 with `Retry-After` if too many requests wait; 500 if the hash is not one of argon2, if it demands more
    /// than 1 GiB, 64 passes or 16 lanes, or if there is not enough memory. No error contains the hash.
    ///
    /// # Examples
    /// See [`Passwords`].
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<Option<Verified>> {
        let Some(password) = normalised(password) else {
            return Ok(None);
        };
        let is_known = hash.is_some();
        let hash = match hash {
            Some(hash) => Arc::new(read(hash)?),
            None => Arc::clone(&self.nobody),
        };
        let verified = Verified {
            needs_rehash: self.is_outdated(&hash),
        };
        let verify = move || Argon2::default().verify_password(password.as_bytes(), &*hash);
        match self.pool.run(verify).await? {
            Ok(()) => Ok(is_known.then_some(verified)),
            Err(HashError::PasswordInvalid) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        let is_current = Params::try_from(hash).is_ok_and(|params| {
            let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
            cost(&params) == cost(&self.params)
        });
        let version = Some(Version::V0x13.into());
        !is_current || hash.algorithm != ARGON2ID_IDENT || hash.version != version
    }
}

/// Reads a hash that was stored.
fn read(hash: &str) -> Result<PasswordHash> {
    let hash = PasswordHash::new(hash).map_err(|error| failed(error.into()))?;
    let params = Params::try_from(&hash).map_err(failed)?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(Error::internal("the hash of a password is incomplete"));
    }
    if is_affordable(&params) {
        Ok(hash)
    } else {
        Err(Error::internal("the hash of a password demands too much"))
    }
}

fn is_affordable(params: &Params) -> bool {
    let (memory, passes, lanes) = MAX_STORED_COST;
    params.m_cost() <= memory && params.t_cost() <= passes && params.p_cost() <= lanes
}

/// A hash of this cost that no password is known to have.
fn hash_of_nobody(params: &Params) -> PasswordHash {
    PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).expect("the cost is a few digits"),
        salt: Some(Salt::new(&[0; 16]).expect("16 bytes are a salt")),
        hash: Some(Output::new(&[0; 32]).expect("32 bytes are a hash")),
    }
}

fn failed(error: HashError) -> Error {
    Error::internal(format!(
        "a password could not be hashed or verified: {error}"
    ))
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("params", &self.params)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn cheap() -> Passwords {
        Passwords::new().with_cost(8, 1, 1)
    }

    fn password(text: &str) -> Password {
        Password::new(text).unwrap()
    }

    /// The reference implementation of argon2 has these in its tests.
    #[tokio::test]
    async fn hashes_of_other_programs_are_verified() {
        for (hash, needs_rehash) in [
            (
                "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                false,
            ),
            (
                "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
                true,
            ),
            (
                "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
                true,
            ),
            (
                "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
                true,
            ),
        ] {
            let passwords = Passwords::new().with_cost(256, 2, 1);
            let verified = passwords.verify("password", Some(hash)).await.unwrap();
            assert_eq!(verified, Some(Verified { needs_rehash }), "{hash}");
            assert_eq!(
                passwords.verify("Password", Some(hash)).await.unwrap(),
                None
            );
        }
    }

    #[tokio::test]
    async fn a_hash_is_that_of_its_password_alone() {
        let passwords = cheap();
        let hash = passwords.hash(&password("caf\u{e9} noir")).await.unwrap();
        let other = passwords.hash(&password("caf\u{e9} noir")).await.unwrap();
        assert_ne!(hash, other); // another salt
        for (text, is_right) in [
            ("caf\u{e9} noir", true),
            ("cafe\u{301} noir", true),
            ("cafe noir", false),
            ("caf\u{e9} noir ", false),
            ("caf\u{e9} noir\0", false),
            ("Caf\u{e9} noir", false),
            ("", false),
        ] {
            let verified = passwords.verify(text, Some(&hash)).await.unwrap();
            assert_eq!(verified.is_some(), is_right, "{text}");
        }
    }

    /// The time of a hash depends on the cost and on the lengths alone.
    #[tokio::test]
    async fn the_hash_of_nobody_costs_what_a_new_hash_costs() {
        for passwords in [cheap(), Passwords::new().with_cost(64, 3, 2)] {
            let hash = passwords.hash(&password("correct horse")).await.unwrap();
            let hash = PasswordHash::new(&hash).unwrap();
            let nobody = &passwords.nobody;
            let cost = |hash: &PasswordHash| {
                let lengths = (hash.salt.unwrap().len(), hash.hash.unwrap().len());
                (
                    hash.algorithm,
                    hash.version,
                    hash.params.to_string(),
                    lengths,
                )
            };
            assert_eq!(cost(&hash), cost(nobody));
            assert!(!passwords.is_outdated(&hash));
            // Nobody is let in, whatever the hash of nobody is.
            let nobody = Arc::new(hash);
            let passwords = Passwords {
                nobody,
                ..passwords
            };
            assert_eq!(passwords.verify("correct horse", None).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_user_that_does_not_exist_takes_a_thread_as_others_do() {
        let passwords = cheap().with_limits(1, 0);
        let hash = passwords.hash(&password("correct horse")).await.unwrap();
        let (finish, finished) = mpsc::channel::<()>();
        let (start, mut started) = tokio::sync::mpsc::unbounded_channel();
        let pool = passwords.pool.clone();
        let busy = tokio::spawn(async move {
            let work = move || {
                start.send(()).unwrap();
                finished.recv()
            };
            pool.run(work).await
        });
        started.recv().await.unwrap();
        for hash in [None, Some(hash.as_str())] {
            let verify = passwords.verify("correct horse", hash);
            let limited = tokio::time::timeout(Duration::from_secs(30), verify);
            let error = limited.await.expect("it waits").unwrap_err();
            assert_eq!(error.status(), 429);
            // Too long for a password, and so not hashed.
            let long = "x".repeat(1_000_000);
            assert_eq!(passwords.verify(&long, hash).await.unwrap(), None);
        }
        finish.send(()).unwrap();
        busy.await.unwrap().unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_verified_is_500() {
        let secret = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        for hash in [
            String::new(),
            secret.to_owned(),
            format!("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$!{secret}"),
            format!("$pbkdf2-sha256$i=1000$c29tZXNhbHQ${secret}"),
            format!("$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ${secret}"),
            format!("$argon2id$v=19$m=256,t=4294967295,p=1$c29tZXNhbHQ${secret}"),
            format!("$argon2id$v=19$m=256,t=2,p=4294967295$c29tZXNhbHQ${secret}"),
            format!("$argon2id$v=19$m=4096,t=2,p=17$c29tZXNhbHQ${secret}"),
            format!("$argon2id$v=19$m=1,t=2,p=1$c29tZXNhbHQ${secret}"),
            format!("$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ${secret}"),
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ".to_owned(),
            "$argon2id$v=19$m=256,t=2,p=1".to_owned(),
        ] {
            let error = cheap().verify("password", Some(&hash)).await.unwrap_err();
            assert_eq!(error.status(), 500, "{hash}");
            assert!(!format!("{error:?}").contains("nf65"), "{error}");
        }
    }

    #[test]
    fn a_cost_that_cannot_be_paid_is_refused_at_the_start() {
        for (memory, passes, lanes) in [(7, 1, 1), (8, 0, 1), (8, 1, 0), (8, 1, 2), (1 << 21, 1, 1)]
        {
            let with_cost = || Passwords::new().with_cost(memory, passes, lanes);
            assert!(std::panic::catch_unwind(with_cost).is_err());
        }
        assert!(std::panic::catch_unwind(|| Passwords::new().with_limits(0, 1)).is_err());
    }
}
