//! [`StandardWebhooks`]: senders that follow Standard Webhooks.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use resourceful::{Input, prelude::*};
use serde_json::Value;

use crate::provider::Provider;
use crate::signature::{SecretError, Secrets, SignatureError, check_timestamp, header};

/// A sender that signs by Standard Webhooks. `E` is the type of its events: [`StandardEvent`], or a
/// type of your own.
///
/// # Examples
/// ```
/// use resourceful_webhook::StandardWebhooks;
///
/// let sender = StandardWebhooks::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// // `.events::<YourEvent>()` sets a type of your own.
/// # Ok::<(), resourceful_webhook::SecretError>(())
/// ```
pub struct StandardWebhooks<E = StandardEvent> {
    secrets: Secrets,
    event: PhantomData<fn() -> E>,
}

impl StandardWebhooks {
    /// Creates the provider. The secret is base64, with or without the prefix `whsec_`.
    ///
    /// # Errors
    /// If it is empty or not base64.
    ///
    /// # Examples
    /// See [`StandardWebhooks`].
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        Ok(Self {
            secrets: Secrets::new(&decoded(secret)?)?,
            event: PhantomData,
        })
    }
}

impl<E> StandardWebhooks<E> {
    /// Parses events as a type of your own.
    ///
    /// # Examples
    /// See [`StandardWebhooks`].
    #[must_use]
    pub fn events<T: Input>(self) -> StandardWebhooks<T> {
        StandardWebhooks {
            secrets: self.secrets,
            event: PhantomData,
        }
    }

    /// Adds a secret, for rotation.
    ///
    /// # Errors
    /// If it is empty or not base64.
    ///
    /// # Examples
    /// ```
    /// use resourceful_webhook::StandardWebhooks;
    /// let sender = StandardWebhooks::new("bmV3")?.with_secret("b2xk")?;
    /// # Ok::<(), resourceful_webhook::SecretError>(())
    /// ```
    pub fn with_secret(mut self, secret: &str) -> Result<Self, SecretError> {
        self.secrets = self.secrets.with(&decoded(secret)?)?;
        Ok(self)
    }
}

fn decoded(secret: &str) -> Result<Vec<u8>, SecretError> {
    let secret = secret.strip_prefix("whsec_").unwrap_or(secret);
    BASE64_STANDARD
        .decode(secret)
        .map_err(|_| SecretError::NotBase64)
}

impl<E> Clone for StandardWebhooks<E> {
    fn clone(&self) -> Self {
        Self {
            secrets: self.secrets.clone(),
            event: PhantomData,
        }
    }
}

impl<E> fmt::Debug for StandardWebhooks<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandardWebhooks")
            .field("secrets", &self.secrets)
            .finish()
    }
}

/// Any event, in the structure that Standard Webhooks recommends.
///
/// # Examples
/// ```
/// use resourceful_webhook::StandardEvent;
///
/// fn describe(event: &StandardEvent) -> String {
///     format!("{} at {}", event.kind, event.timestamp.as_deref().unwrap_or("some time"))
/// }
/// ```
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct StandardEvent {
    /// Type of the event: `user.created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Time of the event, ISO 8601.
    pub timestamp: Option<String>,
    /// Data of the event.
    #[serde(default)]
    pub data: Value,
}

/// Values of the header fields `webhook-id`, `webhook-timestamp` and `webhook-signature`, or those
/// with the prefix `svix-`.
///
/// # Examples
/// See [`StandardWebhooks`].
#[derive(Debug)]
pub struct StandardSignature {
    id: String,
    time: String,
    signatures: Vec<String>,
}

/// Names of the header fields.
#[derive(Clone, Copy)]
struct FieldNames {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

/// Names of the specification.
const STANDARD: FieldNames = FieldNames {
    id: "webhook-id",
    timestamp: "webhook-timestamp",
    signature: "webhook-signature",
};

/// Names of Svix, which signs for many other senders: <https://docs.svix.com/receiving/verifying-payloads/how-manual>
const SVIX: FieldNames = FieldNames {
    id: "svix-id",
    timestamp: "svix-timestamp",
    signature: "svix-signature",
};

/// Returns the names that a delivery uses. A mixture is refused: no sender uses both, and two
/// parsers could read different fields.
fn field_names(headers: &HeaderMap) -> Result<FieldNames, SignatureError> {
    let has = |field_names: FieldNames| {
        let names = [field_names.id, field_names.timestamp, field_names.signature];
        names.iter().any(|name| headers.contains_key(*name))
    };
    match (has(STANDARD), has(SVIX)) {
        (true, true) => Err(SignatureError::Invalid),
        (false, true) => Ok(SVIX),
        _ => Ok(STANDARD),
    }
}

impl<E: Input> Provider for StandardWebhooks<E> {
    type Event = E;
    type Signature = StandardSignature;

    fn signature(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<StandardSignature, SignatureError> {
        let field_names = field_names(headers)?;
        let signatures = header(headers, field_names.signature)?;
        // `v1,<base64>`, separated by spaces; other versions are skipped.
        let signatures = signatures
            .split(' ')
            .filter_map(|signature| signature.strip_prefix("v1,"));
        let signatures = signatures.map(str::to_owned).collect();
        let time = header(headers, field_names.timestamp)?.to_owned();
        check_timestamp(&time, now)?;
        Ok(StandardSignature {
            id: header(headers, field_names.id)?.to_owned(),
            time,
            signatures,
        })
    }

    fn verify(&self, given: &StandardSignature, body: &[u8]) -> Result<(), SignatureError> {
        let signatures: Vec<_> = given.signatures.iter().map(String::as_str).collect();
        let parts = [given.id.as_bytes(), b".", given.time.as_bytes(), b".", body];
        let encode = |mac: &[u8]| BASE64_STANDARD.encode(mac);
        self.secrets.verify(&parts, &signatures, encode)
    }

    fn event(&self, _: &HeaderMap, body: &[u8]) -> Result<E> {
        resourceful::from_json(body)
    }

    fn delivery_id(&self, headers: &HeaderMap, _: &[u8]) -> Option<String> {
        let field_names = field_names(headers).ok()?;
        header(headers, field_names.id).ok().map(str::to_owned)
    }
}
