//! [`Basic`]: callers by name and password (RFC 7617).

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use resourceful::{Authenticate, Authentication, Error, ErrorStatus, Request, Result, Security};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::cross_origin::CrossOrigin;
use crate::passwords::Passwords;

/// Maximum length of the credentials in base64: a name and a password of 1 KiB each have 2.7 KiB.
const MAX_LENGTH: usize = 4096;

/// The hash of a caller's password, and the caller. `Debug` omits both.
///
/// # Examples
/// See [`Basic`].
#[derive(Clone)]
pub struct Account<C> {
    /// The result of [`Passwords::hash`].
    pub password_hash: String,
    /// The caller if the password is right.
    pub caller: C,
}

impl<C> fmt::Debug for Account<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}

/// Finds the accounts of an application by their names.
///
/// # Examples
/// See [`Basic`].
#[async_trait]
pub trait Accounts<C>: Send + Sync + 'static {
    /// Finds the account with this name, in the form NFC and without control characters; `None` if there is none.
    ///
    /// # Errors
    /// If the accounts are unavailable.
    async fn find(&self, name: &str) -> Result<Option<Account<C>>>;
}

/// Finds callers by name and password in `Authorization: Basic` (RFC 7617).
///
/// Each request costs a hash of the password: some 40 ms of a core. Programs that send many requests should use
/// [`ApiKeys`](crate::ApiKeys). Browsers send the credentials with requests that other sites start, too, so those are
/// refused if their method is unsafe: see [`CrossOrigin`].
///
/// # Examples
/// ```
/// use async_trait::async_trait;
/// use resourceful::prelude::*;
/// use resourceful_auth::{Account, Accounts, Basic, Password, Passwords};
///
/// struct User { name: String }
///
/// /// An application looks in its database.
/// struct OneUser { hash: String }
///
/// #[async_trait]
/// impl Accounts<User> for OneUser {
///     async fn find(&self, name: &str) -> Result<Option<Account<User>>> {
///         let user = |name: &str| User { name: name.to_owned() };
///         let account = || Account { password_hash: self.hash.clone(), caller: user(name) };
///         Ok((name == "alice").then(account))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// let passwords = Passwords::new();
/// # let passwords = passwords.with_cost(8, 1, 1);
/// let hash = passwords.hash(&Password::new("correct horse")?).await?;
/// let basic: Basic<User> = Basic::new("reports", passwords, OneUser { hash });
/// # Ok(())
/// # }
/// ```
pub struct Basic<C> {
    realm: Arc<str>,
    passwords: Passwords,
    accounts: Arc<dyn Accounts<C>>,
    cross_origin: CrossOrigin,
}

impl<C> Basic<C> {
    /// Callers with these accounts. Browsers show the realm to their users.
    ///
    /// # Panics
    /// If the realm has other characters than visible ASCII and spaces, or quotes or backslashes.
    ///
    /// # Examples
    /// See [`Basic`].
    #[must_use]
    #[track_caller]
    pub fn new(realm: &str, passwords: Passwords, accounts: impl Accounts<C>) -> Self {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        assert!(
            realm.bytes().all(is_plain),
            "a realm has visible ASCII and spaces, no quotes and no backslashes, unlike {realm:?}"
        );
        Self {
            realm: realm.into(),
            passwords,
            accounts: Arc::new(accounts),
            cross_origin: CrossOrigin::default(),
        }
    }

    /// Sets which other origins may send unsafe requests. Default: none.
    ///
    /// # Examples
    /// See [`CrossOrigin::trusting`].
    #[must_use]
    pub fn with_cross_origin(self, cross_origin: CrossOrigin) -> Self {
        Self {
            cross_origin,
            ..self
        }
    }

    /// 401, the same for each pair that is wrong. RFC 7617 has no parameter for the error.
    fn invalid(&self) -> Error {
        Error::new(ErrorStatus::new(401))
            .with_detail("The name or the password is wrong.")
            .with_header(WWW_AUTHENTICATE, self.challenge_value())
    }

    fn challenge_value(&self) -> HeaderValue {
        let challenge = format!("Basic realm=\"{}\", charset=\"UTF-8\"", self.realm);
        HeaderValue::try_from(challenge).expect("a realm is visible ASCII")
    }
}

impl<C: Send + Sync + 'static> Authenticate for Basic<C> {
    type Caller = C;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<C>> {
        let credentials = request.credentials("Basic");
        let Some(credentials) = credentials.map_err(|_| self.invalid())? else {
            return Ok(Authentication::Missing);
        };
        // Browsers attach the credentials by themselves.
        self.cross_origin.check(request)?;
        let Some((name, password)) = decode(credentials) else {
            return Err(self.invalid());
        };
        let account = self.accounts.find(&name).await?;
        let hash = account
            .as_ref()
            .map(|account| account.password_hash.as_str());
        // Hashes for a name that is unknown, too.
        let verified = self.passwords.verify(&password, hash).await?;
        match (verified, account) {
            (Some(_), Some(account)) => Ok(Authentication::Caller(account.caller)),
            _ => Err(self.invalid()),
        }
    }

    fn challenge(&self) -> HeaderValue {
        self.challenge_value()
    }

    fn security(&self) -> Security {
        Security::Basic
    }
}

/// Decodes the name, which ends at the first colon, and the password. Both are UTF-8 without control characters.
fn decode(credentials: &str) -> Option<(String, Zeroizing<String>)> {
    if credentials.len() > MAX_LENGTH {
        return None;
    }
    let bytes = Zeroizing::new(STANDARD.decode(credentials).ok()?);
    let text = str::from_utf8(&bytes).ok()?;
    if text.contains(char::is_control) {
        return None;
    }
    let (name, password) = text.split_once(':')?;
    Some((name.nfc().collect(), Zeroizing::new(password.to_owned())))
}

impl<C> AsRef<Self> for Basic<C> {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<C> Clone for Basic<C> {
    fn clone(&self) -> Self {
        Self {
            realm: Arc::clone(&self.realm),
            passwords: self.passwords.clone(),
            accounts: Arc::clone(&self.accounts),
            cross_origin: self.cross_origin.clone(),
        }
    }
}

impl<C> fmt::Debug for Basic<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic")
            .field("realm", &self.realm)
            .field("passwords", &self.passwords)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(text: &[u8]) -> Option<(String, String)> {
        let (name, password) = decode(&STANDARD.encode(text))?;
        Some((name, password.to_string()))
    }

    #[test]
    fn the_name_ends_at_the_first_colon() {
        for (text, name, password) in [
            ("Aladdin:open sesame", "Aladdin", "open sesame"),
            ("test:123£", "test", "123£"),
            ("a:b:c", "a", "b:c"),
            (":", "", ""),
            ("a:", "a", ""),
            (":b", "", "b"),
            ("cafe\u{301}:x", "caf\u{e9}", "x"),
        ] {
            let expected = Some((name.to_owned(), password.to_owned()));
            assert_eq!(decoded(text.as_bytes()), expected, "{text}");
        }
        // The examples of RFC 7617 sections 2 and 2.1.
        let (name, password) = decode("QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
        assert_eq!(
            (name.as_str(), password.as_str()),
            ("Aladdin", "open sesame")
        );
        let (name, password) = decode("dGVzdDoxMjPCow==").unwrap();
        assert_eq!((name.as_str(), password.as_str()), ("test", "123£"));
    }

    #[test]
    fn other_credentials_are_refused() {
        for text in [
            &b"no colon"[..],
            b"",
            b"a\0:b",
            b"a:b\0",
            b"a:b\n",
            b"a\x7f:b",
            b"a:\xff",
            b"\xe9:b",
        ] {
            assert_eq!(decoded(text), None, "{text:?}");
        }
        for credentials in [
            "",
            "?",
            "YTpi YTpi",
            "YTpi=",
            "YTpi\u{e9}",
            "YTp",
            "YTo",
            &"YTpi".repeat(1025),
        ] {
            assert!(decode(credentials).is_none(), "{credentials}");
        }
    }

    proptest! {
        #[test]
        fn any_credentials_are_read_without_a_panic(bytes in any::<Vec<u8>>(), text in any::<String>()) {
            let _ = decode(&text);
            if let Some((name, password)) = decoded(&bytes) {
                prop_assert!(!name.contains(':'));
                prop_assert!(!name.contains('\0') && !password.contains('\0'));
                prop_assert!(bytes.ends_with(password.as_bytes()));
            }
        }
    }
}
