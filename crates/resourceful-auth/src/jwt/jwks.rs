//! [`Jwks`]: the keys that an issuer publishes, fetched once for all who wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};
use resourceful::{BoxError, Error, Result};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::jwt::algorithm::Algorithm;
use crate::jwt::discovery::Discovery;
use crate::jwt::key::Key;
use crate::tokens::address::parse_address;
use crate::tokens::config_error::ConfigError;
use crate::tokens::issuer_endpoint::IssuerEndpoint;

/// Bounds of `max-age`. An issuer that forbids caching must not be asked for each request.
const MIN_FRESH: Duration = Duration::from_secs(60);
const MAX_FRESH: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_KEYS: usize = 64;
/// The pause after a fetch that failed, if `min_interval` is not shorter.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// The keys that an issuer publishes (RFC 7517).
///
/// Clones share the keys, so two [`Jwt`](crate::Jwt)s of one issuer fetch them once.
///
/// # Defaults
/// | what | default | setting |
/// |---|---|---|
/// | first fetch | at the first token; concurrent requests wait for the same fetch | |
/// | refresh, in the background while in use | `max-age` of the response, between a minute and a day; else 15 min | [`refresh_interval`](Self::refresh_interval) |
/// | unknown `kid` | one fetch for all who wait, at most every 30 s; until then 401 | [`min_interval`](Self::min_interval) |
/// | the issuer does not respond | keys that are known still verify; for others 503 with `Retry-After`, and a new attempt after 5 s | |
/// | time of a fetch | 5 s, also if the requests that wait for it are dropped | |
/// | size | 256 KiB, 64 keys | |
/// | redirects | within the origin of the address | |
///
/// Keys for encryption, secrets, and keys of unknown types or algorithms are skipped.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_auth::{Algorithm, Jwks, Jwt};
///
/// #[derive(Deserialize)]
/// struct Claims { sub: String }
///
/// # fn main() -> Result<()> {
/// let keys = Jwks::at("https://issuer.example.com/jwks.json")?;
/// let jwt = Jwt::<Claims>::new("https://issuer.example.com", "https://api.example.com", [Algorithm::RS256], keys)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Jwks {
    refresh_interval: Duration,
    min_interval: Duration,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    source: Source,
    state: Mutex<State>,
}

#[derive(Debug)]
enum Source {
    Address(Arc<IssuerEndpoint>),
    Discovery(Box<Discovery>),
}

#[derive(Debug, Default)]
struct State {
    published: Option<Published>,
    /// The latest fetch failed.
    has_failed: bool,
    /// No fetch before this time.
    next_fetch: Option<Instant>,
    /// The running fetch drops the sender when it ends.
    running: Option<watch::Receiver<()>>,
}

#[derive(Debug)]
struct Published {
    keys: Arc<[Key]>,
    refresh_at: Instant,
    /// Nobody has used the keys for so long that they are not used before a refresh.
    stale_at: Instant,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Jwks {
    /// The keys at this address, which is `https`, or `http` on this machine.
    ///
    /// # Errors
    /// If the address is another one.
    pub fn at(address: &str) -> Result<Self, ConfigError> {
        let endpoint = IssuerEndpoint::new(parse_address(address)?)?;
        Ok(Self::new(Source::Address(Arc::new(endpoint))))
    }

    /// The keys at the address that the issuer's metadata names: `/.well-known/openid-configuration` (`OpenID`
    /// Connect Discovery), or `/.well-known/oauth-authorization-server` (RFC 8414).
    ///
    /// The metadata has to name the same issuer, to the byte.
    ///
    /// # Errors
    /// If the issuer is not an `https` URL (or `http` on this machine), or has a query.
    ///
    /// # Examples
    /// See [`Jwt::discover`](crate::Jwt::discover).
    pub fn discover(issuer: &str) -> Result<Self, ConfigError> {
        Ok(Self::new(Source::Discovery(Box::new(Discovery::new(
            issuer,
        )?))))
    }

    fn new(source: Source) -> Self {
        Self {
            refresh_interval: Duration::from_secs(15 * 60),
            min_interval: Duration::from_secs(30),
            shared: Arc::new(Shared {
                source,
                state: Mutex::default(),
            }),
        }
    }

    /// Sets the time after which keys are refreshed if the response has no `max-age`. Default: 15 min.
    #[must_use]
    pub fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval.min(MAX_FRESH);
        self
    }

    /// Sets the minimum time between two fetches. Default: 30 s.
    #[must_use]
    pub fn min_interval(mut self, interval: Duration) -> Self {
        self.min_interval = interval.min(MAX_FRESH);
        self
    }

    /// The keys, if one of them has this id and algorithm. `None`: the issuer does not have it.
    ///
    /// # Errors
    /// 503 if no key that is known has it, and the issuer does not respond.
    pub(super) async fn find(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<[Key]>>> {
        let matches = |published: &&Published| {
            let mut keys = published.keys.iter();
            keys.any(|key| key.is_for(algorithm) && is_named(key, kid))
        };
        let running = {
            let mut state = self.shared.lock();
            let now = Instant::now();
            match state.published.as_ref().filter(matches) {
                Some(published) if now < published.refresh_at => {
                    return Ok(Some(Arc::clone(&published.keys)));
                }
                Some(published) => {
                    let keys = Arc::clone(&published.keys);
                    let is_stale = now >= published.stale_at;
                    let running = self.fetch_soon(&mut state, now);
                    if !is_stale || state.has_failed {
                        return Ok(Some(keys));
                    }
                    running
                }
                None => self.fetch_soon(&mut state, now),
            }
        };
        if let Some(mut running) = running {
            // Nothing is sent: the fetch drops the sender.
            let _ = running.changed().await;
        }
        let state = self.shared.lock();
        match state.published.as_ref() {
            Some(published) if matches(&published) => Ok(Some(Arc::clone(&published.keys))),
            Some(_) if !state.has_failed => Ok(None),
            _ => {
                let now = Instant::now();
                let pause = state
                    .next_fetch
                    .map(|next| next.saturating_duration_since(now));
                let pause = pause.unwrap_or_default().max(Duration::from_secs(1));
                Err(Error::unavailable(pause))
            }
        }
    }

    /// The running fetch, or a new one. `None` if it is too early for one.
    fn fetch_soon(&self, state: &mut State, now: Instant) -> Option<watch::Receiver<()>> {
        let running = state.running.as_ref();
        if let Some(running) = running.filter(|running| running.has_changed().is_ok()) {
            return Some(running.clone());
        }
        if state.next_fetch.is_some_and(|next| now < next) {
            return None;
        }
        state.next_fetch = Some(now + self.min_interval);
        let (done, running) = watch::channel(());
        state.running = Some(running.clone());
        let jwks = self.clone();
        // In a task of its own: a request that is dropped must not end the fetch of the others.
        tokio::spawn(async move {
            jwks.fetch().await;
            drop(done);
        });
        Some(running)
    }

    async fn fetch(&self) {
        let fetched = self.shared.source.fetch().await;
        let now = Instant::now();
        let mut state = self.shared.lock();
        state.has_failed = fetched.is_err();
        match fetched {
            Ok((keys, max_age)) => {
                let fresh = max_age.unwrap_or(self.refresh_interval);
                state.published = Some(Published {
                    keys: keys.into(),
                    refresh_at: now + fresh,
                    stale_at: now + fresh * 2,
                });
            }
            Err(error) => {
                state.next_fetch = Some(now + self.min_interval.min(RETRY_PAUSE));
                let address = self.shared.source.address();
                tracing::warn!(address, error, "the keys of the issuer cannot be fetched");
            }
        }
    }
}

/// Whether a token with this `kid` may be signed by `key`. A published key without an id is for tokens without
/// one: otherwise it would keep us from fetching the key that the token names.
pub(super) fn is_named(key: &Key, kid: Option<&str>) -> bool {
    kid.is_none() || key.id() == kid
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    fn address(&self) -> &str {
        match self {
            Self::Address(endpoint) => endpoint.url().as_str(),
            Self::Discovery(discovery) => discovery.issuer(),
        }
    }

    /// The keys, and the time for which the response is fresh.
    async fn fetch(&self) -> Result<(Vec<Key>, Option<Duration>), BoxError> {
        let endpoint = match self {
            Self::Address(endpoint) => Arc::clone(endpoint),
            Self::Discovery(discovery) => discovery.keys().await?,
        };
        let response = endpoint.get().send().await?;
        let set: KeySet = response.json()?;
        let keys = set.keys.into_iter().filter_map(Key::from_jwk);
        Ok((keys.take(MAX_KEYS).collect(), max_age(response.headers())))
    }
}

/// The time for which a response is fresh (RFC 9111 section 4.2), within our bounds.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get_all(CACHE_CONTROL).iter();
    let directives = directives.filter_map(|value| value.to_str().ok());
    let mut directives = directives.flat_map(|value| value.split(',')).map(str::trim);
    let max_age = directives.find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        let seconds = seconds.trim_matches('"').parse().ok();
        seconds.filter(|_: &u64| name.eq_ignore_ascii_case("max-age"))
    })?;
    let age = headers
        .get(AGE)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let fresh = Duration::from_secs(max_age.saturating_sub(age.unwrap_or(0)));
    Some(fresh.clamp(MIN_FRESH, MAX_FRESH))
}

#[cfg(test)]
mod tests {
    use resourceful_test_parts::{Behaviour, Upstream};

    use super::*;

    /// The requests do not wait for the refresh, which never ends here.
    #[tokio::test]
    async fn keys_are_refreshed_in_the_background() {
        let upstream = Upstream::start();
        let key = r#"{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        upstream.json("/jwks", format!(r#"{{"keys":[{key}]}}"#));
        let jwks = Jwks::at(&format!("{}/jwks", upstream.url())).unwrap();
        let jwks = jwks.min_interval(Duration::ZERO);
        let find = || jwks.find(Some("1"), Algorithm::EdDSA);
        assert!(find().await.unwrap().is_some());
        upstream.on("/jwks", Behaviour::Hang);
        for _ in 0..3 {
            assert!(find().await.unwrap().is_some());
            assert!(
                jwks.shared
                    .lock()
                    .running
                    .as_ref()
                    .unwrap()
                    .has_changed()
                    .is_err()
            );
        }
        jwks.shared.lock().published.as_mut().unwrap().refresh_at = Instant::now();
        for _ in 0..3 {
            assert!(find().await.unwrap().is_some());
            assert!(
                jwks.shared
                    .lock()
                    .running
                    .as_ref()
                    .unwrap()
                    .has_changed()
                    .is_ok()
            );
        }
    }

    #[test]
    fn max_age_is_bounded() {
        let fresh = |fields: &[(&'static str, &'static str)]| {
            let fields = fields.iter().map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            });
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(name, value);
            }
            max_age(&headers).map(|fresh| fresh.as_secs())
        };
        assert_eq!(fresh(&[]), None);
        assert_eq!(fresh(&[("cache-control", "public, no-transform")]), None);
        assert_eq!(
            fresh(&[("cache-control", "public, Max-Age=300, must-revalidate")]),
            Some(300)
        );
        assert_eq!(
            fresh(&[
                ("cache-control", "public"),
                ("cache-control", "max-age=\"300\"")
            ]),
            Some(300)
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=19000"), ("age", "15000")]),
            Some(4000)
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=300"), ("age", "301")]),
            Some(60)
        );
        assert_eq!(fresh(&[("cache-control", "max-age=0")]), Some(60));
        assert_eq!(
            fresh(&[("cache-control", "max-age=31536000")]),
            Some(24 * 60 * 60)
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=99999999999999999999999")]),
            None
        );
        assert_eq!(
            fresh(&[("cache-control", "s-max-age=300, max-age=-1")]),
            None
        );
    }
}
