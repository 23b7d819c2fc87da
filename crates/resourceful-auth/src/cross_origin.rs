//! [`CrossOrigin`]: refuses requests that another site starts in the browser of a user.
//!
//! Browsers attach cookies, and the credentials of Basic, to requests of any site. The check needs no
//! tokens: it is that of `http.CrossOriginProtection` of Go 1.25. tower-http has it as `csrf::CsrfLayer`,
//! which cannot be called from an authenticator, and which does not know the host behind a proxy.

use http::Method;
use http::header::{HeaderName, HeaderValue, ORIGIN};
use http::uri::Authority;
use resourceful::{Error, Request, Result};

/// See the Fetch Metadata specification of the W3C, section 2.4.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The maximum number of bytes of an `Origin` in the log.
const MAX_LOGGED: usize = 200;

/// Refuses unsafe requests of other origins: protects callers that come by cookie or Basic from
/// cross-site request forgery.
///
/// [`Sessions`](crate::Sessions) and `Basic` call it. Default: no other origin is trusted.
///
/// | request | result |
/// |---|---|
/// | `GET`, `HEAD`, `OPTIONS` | passes: these methods must change nothing |
/// | `Sec-Fetch-Site: same-origin` or `none` | passes |
/// | another `Sec-Fetch-Site`, or several | passes if the `Origin` is trusted, else 403 |
/// | no `Sec-Fetch-Site`, no `Origin` | passes: no browser, or one from before 2020 |
/// | no `Sec-Fetch-Site`, an `Origin` of the requested host and port | passes |
/// | no `Sec-Fetch-Site`, another `Origin` | passes if the `Origin` is trusted, else 403 |
/// | no `Sec-Fetch-Site`, the `Origin` `null`, or several | 403 |
///
/// Browsers send `Sec-Fetch-Site` over HTTPS and to `localhost`, all of them since 2023. Over plain HTTP they
/// send `Origin` alone, and `null` for a page with `Referrer-Policy: no-referrer`. Behind a proxy, the requested
/// host is that of [`Request::host`]: set `App::trusted_proxies` if the proxy changes it.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_auth::CrossOrigin;
///
/// async fn order(request: Request) -> Result<&'static str> {
///     CrossOrigin::default().check(&request)?;
///     Ok("ordered")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().post("/orders", public(order)))?;
/// assert_eq!(client.post("/orders").header("sec-fetch-site", "same-origin").await.status(), 200);
/// assert_eq!(client.post("/orders").header("sec-fetch-site", "cross-site").await.status(), 403);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CrossOrigin {
    trusted: Vec<Origin>,
}

/// An origin of the web (RFC 6454 section 4).
#[derive(Clone, Debug)]
struct Origin {
    scheme: Scheme,
    authority: Authority,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl CrossOrigin {
    /// Trusts requests of these origins, such as `https://app.example.org`. They can do all that a caller
    /// can do.
    ///
    /// # Errors
    /// If one of them is not `http://host[:port]` or `https://host[:port]`. Names with letters other than
    /// ASCII are written as browsers send them: `https://xn--bcher-kva.example`. There are no wildcards.
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::CrossOrigin;
    /// assert!(CrossOrigin::trusting(["https://app.example.org"]).is_ok());
    /// assert!(CrossOrigin::trusting(["app.example.org"]).is_err());
    /// ```
    pub fn trusting<'o>(origins: impl IntoIterator<Item = &'o str>) -> Result<Self> {
        let parse = |origin: &'o str| {
            let error = || Error::internal(format!("`{origin}` is not `https://host[:port]`"));
            Origin::parse(origin).ok_or_else(error)
        };
        let trusted = origins.into_iter().map(parse).collect::<Result<_>>()?;
        Ok(Self { trusted })
    }

    /// Checks a request. Safe methods cost a comparison.
    ///
    /// # Errors
    /// 403 for an unsafe request of another origin. The log has a warning.
    pub fn check<C>(&self, request: &Request<C>) -> Result<()> {
        // Not `is_safe()`, to which `TRACE` is safe: nobody needs it.
        if matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        ) {
            return Ok(());
        }
        let mut origins = request.headers().get_all(ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) => OriginField::Missing,
            (Some(field), None) => OriginField::One(field),
            (Some(_), Some(_)) => OriginField::Several,
        };
        let mut sites = request.headers().get_all(SEC_FETCH_SITE).iter();
        let is_ours = match (sites.next(), sites.next()) {
            // A page cannot set this field (Fetch standard, "forbidden request-header").
            (Some(site), None) => site == "same-origin" || site == "none",
            (Some(_), Some(_)) => false,
            (None, _) => match origin {
                OriginField::Missing => true,
                OriginField::One(field) => is_requested(field, request),
                OriginField::Several => false,
            },
        };
        if is_ours || self.is_trusted(origin) {
            return Ok(());
        }
        let shown = match origin {
            OriginField::Missing => "missing".into(),
            OriginField::One(field) => {
                let bytes = field.as_bytes();
                String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_LOGGED)])
            }
            OriginField::Several => "several".into(),
        };
        tracing::warn!(
            method = request.method().as_str(),
            path = request.matched_path(),
            origin = ?shown,
            "a request of another origin was refused"
        );
        Err(Error::forbidden(
            "Requests that another site starts are not allowed.",
        ))
    }

    fn is_trusted(&self, origin: OriginField<'_>) -> bool {
        let OriginField::One(field) = origin else {
            return false;
        };
        let origin = field.to_str().ok().and_then(Origin::parse);
        origin.is_some_and(|origin| self.trusted.iter().any(|trusted| trusted.is_same(&origin)))
    }
}

#[derive(Clone, Copy)]
enum OriginField<'h> {
    Missing,
    One(&'h HeaderValue),
    Several,
}

/// Whether the origin has the host and the port of the request.
///
/// The scheme is compared only if the client is known to use TLS: behind a proxy that is not trusted, a
/// server does not know it.
fn is_requested<C>(field: &HeaderValue, request: &Request<C>) -> bool {
    let origin = field.to_str().ok().and_then(Origin::parse);
    let host = request.host().and_then(|host| host.parse().ok());
    let (Some(origin), Some(host)) = (origin, host) else {
        return false;
    };
    if request.scheme() == "https" && origin.scheme == Scheme::Http {
        return false;
    }
    let requested = Origin {
        scheme: origin.scheme,
        authority: host,
    };
    origin.is_same(&requested)
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = if scheme.eq_ignore_ascii_case("https") {
            Scheme::Https
        } else if scheme.eq_ignore_ascii_case("http") {
            Scheme::Http
        } else {
            return None;
        };
        let authority: Authority = authority.parse().ok()?;
        let is_host = !authority.host().is_empty() && !authority.as_str().contains(['@', '*']);
        // A port of more than 16 bits is no port, and `Authority` accepts it.
        let has_port = authority.as_str().len() > authority.host().len();
        let is_valid = is_host && (!has_port || authority.port_u16().is_some());
        is_valid.then_some(Self { scheme, authority })
    }

    fn is_same(&self, other: &Self) -> bool {
        let (host, other_host) = (self.authority.host(), other.authority.host());
        self.scheme == other.scheme
            && host.eq_ignore_ascii_case(other_host)
            && self.port() == other.port()
    }

    fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(match self.scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
        })
    }
}
