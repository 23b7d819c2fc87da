//! [`CursorKeys`]: the keys that sign cursors.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::DbError;

/// Bytes of a key, at least.
const MIN_KEY: usize = 32;

/// Bytes of a signature: enough that nobody guesses one.
pub(crate) const SIGNATURE: usize = 16;

/// The keys that sign cursors, the newest first. Each is kept as an HMAC that has read the key.
#[derive(Clone)]
pub(crate) struct CursorKeys(Vec<Hmac<Sha256>>);

impl CursorKeys {
    pub(crate) fn random() -> Self {
        let mut key = [0; MIN_KEY];
        getrandom::fill(&mut key).expect("the system has random bytes");
        Self(vec![keyed(&key)])
    }

    pub(crate) fn new<K: Into<Vec<u8>>>(
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Self, DbError> {
        let keys = keys.into_iter().map(Into::into);
        let keys = keys.map(|key| (key.len() >= MIN_KEY).then(|| keyed(&key)));
        let keys: Option<Vec<_>> = keys.collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Self(keys)),
            _ => Err(DbError::other(
                "cursors need a key, and each key needs at least 32 random bytes",
            )),
        }
    }

    pub(crate) fn sign(&self, token: &[u8]) -> [u8; SIGNATURE] {
        let signature = self.0[0].clone().chain_update(token).finalize();
        let mut start = [0; SIGNATURE];
        start.copy_from_slice(&signature.into_bytes()[..SIGNATURE]);
        start
    }

    pub(crate) fn verify(&self, token: &[u8], signature: &[u8]) -> bool {
        let mut macs = self.0.iter().map(|key| key.clone().chain_update(token));
        macs.any(|mac| mac.verify_truncated_left(signature).is_ok())
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(b"resourceful cursor\0")
}

impl fmt::Debug for CursorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKeys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_token_and_the_older_keys() {
        let keys = |keys: &[u8]| CursorKeys::new(keys.iter().map(|byte| [*byte; 32])).unwrap();
        let signature = keys(&[1]).sign(b"token");
        assert!(keys(&[2, 1]).verify(b"token", &signature));
        assert!(!keys(&[2, 1]).verify(b"other", &signature));
        assert!(!keys(&[2]).verify(b"token", &signature));
        assert_ne!(keys(&[2, 1]).sign(b"token"), signature);
    }

    #[test]
    fn keys_are_long_and_there_is_one() {
        for keys in [
            vec![],
            vec![vec![]],
            vec![vec![1; 31]],
            vec![vec![1; 32], vec![1; 31]],
        ] {
            assert!(CursorKeys::new(keys.clone()).is_err(), "{keys:?}");
        }
    }
}
