//! [`Stripe`]: Stripe's webhooks.
//!
//! <https://docs.stripe.com/webhooks/signature>

use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use http::HeaderMap;
use resourceful::{Input, prelude::*};
use serde_json::{Map, Value};

use crate::provider::Provider;
use crate::signature::{SecretError, Secrets, SignatureError, check_timestamp, header};

/// Stripe as a sender. `E` is the type of its events: [`StripeEvent`], or a type of your own.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_webhook::Stripe;
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// #[garde(allow_unvalidated)]
/// #[serde(tag = "type")]
/// enum Payment {
///     #[serde(rename = "charge.succeeded")]
///     Succeeded { id: String },
///     #[serde(other)]
///     Unknown, // Stripe has hundreds of other events
/// }
///
/// let stripe = Stripe::new("whsec_secret")?.events::<Payment>();
/// # Ok::<(), resourceful_webhook::SecretError>(())
/// ```
pub struct Stripe<E = StripeEvent> {
    secrets: Secrets,
    event: PhantomData<fn() -> E>,
}

impl Stripe {
    /// Creates the provider with the endpoint's secret, `whsec_..`.
    ///
    /// # Errors
    /// If it is empty.
    ///
    /// # Examples
    /// See [`Stripe`].
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        Ok(Self {
            secrets: Secrets::new(secret.as_bytes())?,
            event: PhantomData,
        })
    }
}

impl<E> Stripe<E> {
    /// Parses events as a type of your own.
    ///
    /// # Examples
    /// See [`Stripe`].
    #[must_use]
    pub fn events<T: Input>(self) -> Stripe<T> {
        Stripe {
            secrets: self.secrets,
            event: PhantomData,
        }
    }

    /// Adds a secret, for rotation.
    ///
    /// # Errors
    /// If it is empty.
    ///
    /// # Examples
    /// ```
    /// use resourceful_webhook::Stripe;
    /// let stripe = Stripe::new("whsec_new")?.with_secret("whsec_old")?;
    /// # Ok::<(), resourceful_webhook::SecretError>(())
    /// ```
    pub fn with_secret(mut self, secret: &str) -> Result<Self, SecretError> {
        self.secrets = self.secrets.with(secret.as_bytes())?;
        Ok(self)
    }
}

impl<E> Clone for Stripe<E> {
    fn clone(&self) -> Self {
        Self {
            secrets: self.secrets.clone(),
            event: PhantomData,
        }
    }
}

impl<E> fmt::Debug for Stripe<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe")
            .field("secrets", &self.secrets)
            .finish()
    }
}

/// Any event of Stripe.
///
/// # Examples
/// ```
/// use resourceful_webhook::StripeEvent;
///
/// fn amount(event: &StripeEvent) -> Option<i64> {
///     match event.kind.as_str() {
///         "charge.succeeded" => event.data.object.get("amount")?.as_i64(),
///         _ => None,
///     }
/// }
/// ```
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct StripeEvent {
    /// Id of the event: `evt_..`.
    pub id: String,
    /// Type of the event: `charge.succeeded`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Data of the event.
    #[serde(default)]
    pub data: StripeData,
}

/// Data of a [`StripeEvent`].
///
/// # Examples
/// See [`StripeEvent`].
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct StripeData {
    /// The object after the event.
    #[serde(default)]
    #[schemars(extend("x-allow-nul" = true))]
    pub object: Map<String, Value>,
}

/// Parsed header field `Stripe-Signature`: `t=..,v1=..,v1=..`.
///
/// # Examples
/// See [`Stripe`].
#[derive(Debug)]
pub struct StripeSignature {
    time: String,
    signatures: Vec<String>,
}

impl<E: Input> Provider for Stripe<E> {
    type Event = E;
    type Signature = StripeSignature;

    fn signature(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<StripeSignature, SignatureError> {
        let mut time = None;
        let mut signatures = Vec::new();
        for part in header(headers, "stripe-signature")?.split(',') {
            match part.trim().split_once('=') {
                Some(("t", value)) if time.replace(value).is_some() => {
                    return Err(SignatureError::Invalid);
                }
                Some(("v1", value)) => signatures.push(value.to_owned()),
                // Other schemes are ignored.
                _ => {}
            }
        }
        let time = time.ok_or(SignatureError::Invalid)?.to_owned();
        check_timestamp(&time, now)?;
        Ok(StripeSignature { time, signatures })
    }

    fn verify(&self, given: &StripeSignature, body: &[u8]) -> Result<(), SignatureError> {
        let signatures: Vec<_> = given.signatures.iter().map(String::as_str).collect();
        let parts = [given.time.as_bytes(), b".", body];
        self.secrets
            .verify(&parts, &signatures, |mac| hex::encode(mac))
    }

    fn event(&self, _: &HeaderMap, body: &[u8]) -> Result<E> {
        resourceful::from_json(body)
    }

    fn delivery_id(&self, _: &HeaderMap, body: &[u8]) -> Option<String> {
        #[derive(Deserialize)]
        struct EventId {
            id: String,
        }
        let event: EventId = serde_json::from_slice(body).ok()?;
        Some(event.id)
    }
}
