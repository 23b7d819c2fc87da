//! [`Rates`]: takes of quotas, with the answers to clients.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use resourceful::hidden::{add_response_field, whole_seconds};
use resourceful::{Error, ErrorStatus, Request, Result};

use crate::memory::MemoryRates;
use crate::quota::{Quota, Taken};
use crate::store::RateStore;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The quotas of clients. A clone has the same.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_rates::{Quota, Rates};
///
/// async fn sign_in(rates: &Rates, request: &Request, user: &str) -> Result<()> {
///     // 429 after ten attempts to one account.
///     rates.take(request, "sign-in", user, Quota::per_hour(10)).await
/// }
/// ```
#[derive(Clone)]
pub struct Rates {
    store: Arc<dyn RateStore>,
    /// Client addresses with too many failed authentications.
    failures: Arc<MemoryRates>,
    is_closed: bool,
}

impl Rates {
    /// Quotas in the memory of this process: see [`MemoryRates`].
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(MemoryRates::default())
    }

    /// Quotas in this store.
    ///
    /// # Examples
    /// ```
    /// use resourceful_rates::{MemoryRates, Rates};
    /// let rates = Rates::new(MemoryRates::with_capacity(1000));
    /// ```
    #[must_use]
    pub fn new(store: impl RateStore) -> Self {
        Self {
            store: Arc::new(store),
            failures: Arc::default(),
            is_closed: false,
        }
    }

    /// Refuses requests with 503 while the store is unavailable. Default: they are allowed, since a service should not
    /// stop with its limits. Limits of sign-ins should be closed: whoever can stop the store could guess passwords.
    #[must_use]
    pub fn fail_closed(mut self) -> Self {
        self.is_closed = true;
        self
    }

    /// Takes one request of the quota that `key` has under this name. The response gets the fields `RateLimit-Policy` and
    /// `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    ///
    /// # Errors
    /// 429 with `Retry-After` if nothing is left; 503 if the store is unavailable and the rates
    /// [fail closed](Self::fail_closed).
    ///
    /// # Panics
    /// If the name has other characters than letters, digits, `-` and `_`.
    pub async fn take<C>(
        &self,
        request: &Request<C>,
        name: &str,
        key: &str,
        quota: Quota,
    ) -> Result<()> {
        self.take_cost(request, name, key, quota, 1).await
    }

    /// Takes as much as `cost` requests.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    ///
    /// # Panics
    /// As [`take`](Self::take).
    pub async fn take_cost<C>(
        &self,
        request: &Request<C>,
        name: &str,
        key: &str,
        quota: Quota,
        cost: u32,
    ) -> Result<()> {
        assert_name(name);
        let Some(taken) = self.ask(name, &stored(name, key), quota, cost).await? else {
            return Ok(());
        };
        for (field, value) in fields(name, quota, &taken) {
            add_response_field(request, field, value);
        }
        if taken.is_allowed {
            Ok(())
        } else {
            Err(too_many(taken.retry_after))
        }
    }

    /// Refuses a client address with too many failed authentications. It asks this process alone.
    pub(crate) fn check_failures(&self, key: &str, quota: Quota) -> Result<()> {
        let taken = self.failures.take_now(key, quota, 0);
        if taken.remaining > 0 {
            Ok(())
        } else {
            Err(too_many(quota.taken(taken.reset, false, 1).retry_after))
        }
    }

    /// Counts a failed authentication in the store. This process remembers when it was one too many.
    pub(crate) async fn count_failure(&self, name: &str, key: &str, quota: Quota) -> Result<()> {
        let taken = self.ask(name, key, quota, 1).await?;
        if taken.is_some_and(|taken| taken.remaining == 0) {
            self.failures.use_up(key, quota);
        }
        Ok(())
    }

    /// Asks the store for a key of its own. `None` if it is unavailable and requests are allowed then.
    async fn ask(&self, name: &str, key: &str, quota: Quota, cost: u32) -> Result<Option<Taken>> {
        match self.store.take(key, quota, cost).await {
            Ok(taken) => Ok(Some(taken)),
            Err(error) if self.is_closed => {
                Err(Error::unavailable(Duration::from_secs(1)).with_source(error))
            }
            Err(error) => {
                tracing::debug!(name, error = error.to_string(), "a rate is not limited");
                Ok(None)
            }
        }
    }
}

/// The key in the store.
pub(crate) fn stored(name: &str, key: &str) -> String {
    ["rate:", name, ":", key].concat()
}

/// Refuses a name that cannot be in a field: in a constant, when the program is compiled.
pub(crate) const fn assert_name(name: &str) {
    let mut rest = name.as_bytes();
    while let [first, others @ ..] = rest {
        assert!(
            first.is_ascii_alphanumeric() || matches!(*first, b'-' | b'_'),
            "the name of a quota has letters, digits, `-` and `_`"
        );
        rest = others;
    }
}

/// 429 (RFC 6585 section 4).
fn too_many(wait: Duration) -> Error {
    let seconds = whole_seconds(wait).max(1);
    Error::new(ErrorStatus::new(429))
        .with_detail("Too many requests.")
        .with_retry_after(seconds)
}

fn fields(name: &str, quota: Quota, taken: &Taken) -> [(HeaderName, HeaderValue); 2] {
    // `format!` takes five times the instructions.
    let (mut text, mut digits) = (String::with_capacity(64), itoa::Buffer::new());
    let mut value = |numbers: [(&str, u64); 2]| {
        text.clear();
        text.extend(["\"", name, "\""]);
        for (parameter, number) in numbers {
            text.push_str(parameter);
            text.push_str(digits.format(number));
        }
        HeaderValue::from_str(&text).expect("names have no other characters")
    };
    let (window, reset) = (whole_seconds(quota.window()), whole_seconds(taken.reset));
    [
        (
            POLICY,
            value([(";q=", quota.limit().into()), (";w=", window)]),
        ),
        (
            LIMIT,
            value([(";r=", taken.remaining.into()), (";t=", reset)]),
        ),
    ]
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates")
            .field("is_closed", &self.is_closed)
            .finish_non_exhaustive()
    }
}
