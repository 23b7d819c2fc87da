//! [`Request`]: the head, the parameters and the body of a request.

#[cfg(feature = "cookies")]
mod cookies;
pub(crate) mod head;
pub(crate) mod notes;
pub(crate) mod route;
pub(crate) mod settings;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{AUTHORIZATION, AsHeaderName, HeaderMap, HeaderName, HeaderValue};
use http::{Extensions, Method, Uri, Version};

use crate::action::Action;
use crate::body::Body;
#[cfg(feature = "gzip")]
use crate::body::gzip::decoded;
#[cfg(feature = "multipart")]
use crate::body::multipart::{Multipart, MultipartLimits, boundary};
use crate::body::read_timeout::BodyLimits;
use crate::body::stream::BodyStream;
use crate::error::{Error, Result};
#[cfg(feature = "gzip")]
use crate::input::Codings;
use crate::input::form::Form;
use crate::input::query::{Query, QueryString};
use crate::input::{Input, check_content_type};
use crate::proto::host;
use crate::proto::path::decode_segment;
use crate::request::head::Head;
use crate::request::route::PathParameter;
use crate::request::settings::Settings;

/// An HTTP request.
///
/// Resource hooks get `&Request`, since the framework has already read their input. Views own the
/// request and read its body. `C` is the type of the [`caller`](Self::caller), which the
/// [`Access`](crate::Access) of the resource or view determines; it is `()` for
/// [`Public`](crate::Public).
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn whoami(request: Request) -> Result<String> {
///     let agent = request.header("user-agent").unwrap_or("unknown");
///     Ok(format!("{agent} requested {}", request.path()))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/whoami", public(whoami)))?;
/// let response = client.get("/whoami").header("user-agent", "curl").await;
/// assert_eq!(response.text(), "curl requested /whoami");
/// # Ok(())
/// # }
/// ```
pub struct Request<C = ()> {
    head: Arc<Head>,
    body: Body,
    action: Option<Action>,
    caller: C,
}

impl Request {
    #[inline]
    pub(crate) fn new(head: Head, body: Body) -> Self {
        Self {
            head: Arc::new(head),
            body,
            action: None,
            caller: (),
        }
    }

    pub(crate) fn set_action(&mut self, action: Action) {
        self.action = Some(action);
    }

    /// The same request, from this caller.
    pub(crate) fn with_caller<C>(self, caller: C) -> Request<C> {
        Request {
            head: self.head,
            body: self.body,
            action: self.action,
            caller,
        }
    }
}

impl<C> Request<C> {
    /// The caller, whom [`Access::check`](crate::Access::check) has found.
    ///
    /// # Examples
    /// See [`SignedIn`](crate::SignedIn).
    #[must_use]
    pub fn caller(&self) -> &C {
        &self.caller
    }

    /// The HTTP method. A `HEAD` request runs the hook of `GET`, and its method is still `HEAD`.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.head.parts.method
    }

    /// The requested action of a resource; `None` in views.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.action
    }

    /// The request target as the client sent it.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.head.parts.uri
    }

    /// The normalised path, in which percent-encoded unreserved characters are decoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.path()
    }

    /// The registered path that matched, such as `/posts/{id}/`.
    #[must_use]
    pub fn matched_path(&self) -> &str {
        &self.head.route.pattern
    }

    /// The protocol version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.head.parts.version
    }

    /// All header fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// The first value of a header field; `None` if it is missing or not visible ASCII.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn view(request: Request) -> Result<String> {
    ///     Ok(request.header("user-agent").unwrap_or("unknown").to_owned())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(view)))?;
    /// assert_eq!(client.get("/").header("User-Agent", "curl").await.text(), "curl");
    /// assert_eq!(client.get("/").await.text(), "unknown");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The credentials in `Authorization`, if they have this scheme (RFC 9110 section 11.6.2).
    ///
    /// The names of schemes are case-insensitive. The result is `None` if the field is missing or has
    /// another scheme.
    ///
    /// # Errors
    /// 401 if there are several `Authorization` fields, or one that is not visible ASCII.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn view(request: Request) -> Result<String> {
    ///     Ok(request.credentials("Bearer")?.unwrap_or("nobody").to_owned())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(view)))?;
    /// assert_eq!(client.get("/").header("authorization", "bearer t0ken").await.text(), "t0ken");
    /// assert_eq!(client.get("/").header("authorization", "Basic YTpi").await.text(), "nobody");
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials(&self, scheme: &'static str) -> Result<Option<&str>> {
        let mut fields = self.headers().get_all(AUTHORIZATION).iter();
        let Some(field) = fields.next() else {
            return Ok(None);
        };
        let Ok(text) = field.to_str() else {
            return Err(Error::unauthorized(scheme));
        };
        if fields.next().is_some() {
            return Err(Error::unauthorized(scheme));
        }
        let (name, credentials) = text.split_once(' ').unwrap_or((text, ""));
        let is_same = name.eq_ignore_ascii_case(scheme);
        Ok(is_same.then(|| credentials.trim_start_matches(' ')))
    }

    /// The extensions that outer layers have attached.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.head.parts.extensions
    }

    /// The remote address of the connection; `None` without an IP socket.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.head.origin?.peer
    }

    /// The IP address of the client; `None` if it is unknown.
    ///
    /// It is the address that a trusted proxy forwards
    /// ([`App::trusted_proxies`](crate::app::App::trusted_proxies)), else that of the
    /// [`peer`](Self::peer).
    #[must_use]
    pub fn client_ip(&self) -> Option<IpAddr> {
        let proxies = &self.settings().proxies;
        proxies.client(self.head.origin?, self.headers())
    }

    /// `https` if the client uses TLS, else `http`.
    ///
    /// TLS may end at this server or at a trusted proxy
    /// ([`App::trusted_proxies`](crate::app::App::trusted_proxies)).
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        let proxies = &self.settings().proxies;
        let is_encrypted = self
            .head
            .origin
            .is_some_and(|origin| proxies.is_encrypted(origin, self.headers()));
        if is_encrypted { "https" } else { "http" }
    }

    /// The requested host, with the port if the client sent one.
    ///
    /// It comes from the `X-Forwarded-Host` of a trusted proxy
    /// ([`App::trusted_proxies`](crate::app::App::trusted_proxies)), else from the URI, else from the
    /// `Host` field. Clients can send any host, unless
    /// [`App::trusted_hosts`](crate::app::App::trusted_hosts) limits them.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn view(request: Request) -> Result<String> {
    ///     Ok(request.host().unwrap_or("no host").to_owned())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(view)))?;
    /// let response = client.get("/").header("host", "example.org:8000").await;
    /// assert_eq!(response.text(), "example.org:8000");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.settings().host(&self.head.parts, self.head.origin)
    }

    /// The id of this request in the log.
    ///
    /// It is the client's `X-Request-Id` if that consists of 1 to 128 of `A-Z a-z 0-9 . _ : -`, else
    /// the trace id of its `traceparent` (W3C Trace Context), else a generated id.
    #[must_use]
    pub fn id(&self) -> Cow<'_, str> {
        self.head.id()
    }

    /// The time by which the client must get its response; `None` if there is no limit.
    ///
    /// [`App::timeout`](crate::app::App::timeout) sets it (default 30 s). Calls to other services for
    /// this request should end by then, too.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// use std::time::Duration;
    ///
    /// async fn view(request: Request) -> Result<&'static str> {
    ///     Ok(if request.deadline().is_some() { "hurry" } else { "no hurry" })
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let app = App::new().timeout(Duration::from_secs(2)).get("/", public(view));
    /// assert_eq!(TestClient::new(app)?.get("/").await.text(), "hurry");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.head.deadline()
    }

    /// Whether the request came over a connection of our own server.
    #[cfg(feature = "websocket")]
    pub(crate) fn has_connection(&self) -> bool {
        self.head.origin.is_some()
    }

    /// Completes when the server begins to shut down. Endless responses should end then.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn poll(request: Request) -> Result<&'static str> {
    ///     tokio::select! {
    ///         news = wait_for_news() => Ok(news),
    ///         () = request.shutdown() => Ok("try again"),
    ///     }
    /// }
    /// # async fn wait_for_news() -> &'static str { "news" }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(poll)))?;
    /// # assert_eq!(client.get("/").await.text(), "news");
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self) -> impl Future<Output = ()> + Send + use<C> {
        self.settings().shutdown.clone().cancelled_owned()
    }

    /// Decodes and parses a parameter of the path.
    ///
    /// # Errors
    /// 404 if the value does not parse or is out of range, because no such path exists;
    /// 500 if the route has no parameter of this name.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// async fn year(request: Request) -> Result<String> {
    ///     let year: u16 = request.param("year")?;
    ///     Ok(format!("posts of {year}"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/posts/{year}", public(year)))?;
    /// assert_eq!(client.get("/posts/2024").await.text(), "posts of 2024");
    /// assert_eq!(client.get("/posts/latest").await.status(), 404);
    /// # Ok(())
    /// # }
    /// ```
    pub fn param<T: FromStr + fmt::Display>(&self, name: &str) -> Result<T> {
        let Some(parameter) = self.head.route.parameter(name) else {
            return Err(Error::internal(format!(
                "`{}` has no parameter `{name}`",
                self.matched_path()
            )));
        };
        self.parse(parameter)
    }

    /// Parses the id of the item, which is the last parameter of an item's route.
    pub(crate) fn item_id<T: FromStr + fmt::Display>(&self) -> Result<T> {
        let Some(parameter) = self.head.route.parameters.last() else {
            return Err(nothing_here());
        };
        self.parse(parameter)
    }

    /// The segments of the last `count` parameters of the path, without the last `skipped` ones.
    pub(crate) fn segments(&self, count: usize, skipped: usize) -> Vec<&str> {
        let parameters = self
            .head
            .route
            .parameters
            .iter()
            .rev()
            .skip(skipped)
            .take(count);
        parameters
            .rev()
            .map(|parameter| parameter.of(self.path()))
            .collect()
    }

    /// The segments of the parameters with these names.
    pub(crate) fn segments_of(&self, names: &[&str]) -> Vec<&str> {
        let parameters = names
            .iter()
            .filter_map(|name| self.head.route.parameter(name));
        parameters
            .map(|parameter| parameter.of(self.path()))
            .collect()
    }

    fn parse<T: FromStr + fmt::Display>(&self, parameter: &PathParameter) -> Result<T> {
        parse_segment(parameter.of(self.path())).ok_or_else(nothing_here)
    }

    /// Reads and validates the query string.
    ///
    /// # Errors
    /// 422 with an error for each invalid parameter.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// async fn list(request: Request) -> Result<String> {
    ///     let page: PageNumber = request.query()?;
    ///     Ok(format!("from {}", page.offset()))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(list)))?;
    /// assert_eq!(client.get("/?page=3").await.text(), "from 20");
    /// assert_eq!(client.get("/?page=0").await.status(), 422);
    /// # Ok(())
    /// # }
    /// ```
    pub fn query<Q: Query>(&self) -> Result<Q> {
        let query = QueryString::new(self.uri().query().unwrap_or_default())?;
        Q::read(&query).map_err(Error::invalid_input)
    }

    /// Reads the body as JSON and validates it.
    ///
    /// # Errors
    /// 400 if the body is not JSON, 408 if it arrives too slowly, 413 if it is too large, 415 if it has
    /// another media type, 422 with an error for each invalid field.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// #[derive(Deserialize, JsonSchema, Validate)]
    /// struct Greeting { #[garde(length(min = 1))] name: String }
    ///
    /// async fn greet(mut request: Request) -> Result<String> {
    ///     let greeting: Greeting = request.json().await?;
    ///     Ok(format!("Hello, {}!", greeting.name))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().post("/", public(greet)))?;
    /// let response = client.post("/").json(&serde_json::json!({"name": "Ada"})).await;
    /// assert_eq!(response.text(), "Hello, Ada!");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn json<T: Input>(&mut self) -> Result<T> {
        self.input(self.settings().max_body_size).await
    }

    /// Reads the body as a form (`application/x-www-form-urlencoded`) and validates it: see [`Form`].
    ///
    /// # Errors
    /// 400 if the body is not UTF-8 or has more than 1000 fields, 408 if it arrives too slowly, 413 if it is too
    /// large, 415 if it has another media type, 422 with an error for each invalid field.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// #[derive(Deserialize, JsonSchema, Validate)]
    /// struct Login { #[garde(length(min = 1))] name: String }
    ///
    /// async fn login(mut request: Request) -> Result<String> {
    ///     let login: Login = request.form().await?;
    ///     Ok(format!("Hello, {}!", login.name))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().post("/login", public(login)))?;
    /// let form = client.post("/login").header("content-type", "application/x-www-form-urlencoded");
    /// assert_eq!(form.body("name=Ada+L.").await.text(), "Hello, Ada L.!");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn form<T: Input>(&mut self) -> Result<T> {
        let Form(value) = self.input(self.settings().max_body_size).await?;
        Ok(value)
    }

    /// Reads the body in the media type of `T`.
    pub(crate) async fn input<T: Input>(&mut self, limit: u64) -> Result<T> {
        let (parts, body) = (&self.head.parts, &self.body);
        let codings = self.settings().codings;
        check_content_type(parts, body, T::MEDIA_TYPE, T::media_types, codings)?;
        let body = self.bytes_within(limit).await?;
        if let Some(notes) = self.head.notes_if_any() {
            notes.body_read(&body);
        }
        T::from_body(&body)
    }

    /// Reads the whole body, up to the application's limit.
    ///
    /// # Errors
    /// 413 if the body is too large, 408 if it arrives too slowly.
    pub async fn bytes(&mut self) -> Result<Bytes> {
        self.bytes_within(self.settings().max_body_size).await
    }

    /// Reads the whole body, up to `limit` bytes.
    ///
    /// # Errors
    /// 413 if the body is too large, 408 if it arrives too slowly.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn view(mut request: Request) -> Result<String> {
    ///     Ok(request.bytes_within(3).await?.len().to_string())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().post("/", public(view)))?;
    /// assert_eq!(client.post("/").body("four").await.status(), 413);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bytes_within(&mut self, limit: u64) -> Result<Bytes> {
        self.body(limit)?.read_all().await
    }

    /// Streams a body of up to `limit` bytes that is too large for memory.
    ///
    /// A view whose uploads take longer than the application's timeout needs its own:
    /// `public(upload).timeout(..)` or [`AsyncView::TIMEOUT`](crate::AsyncView::TIMEOUT).
    ///
    /// # Errors
    /// 413 if the announced length exceeds `limit`; with `App::decompress_requests`, 415 for other codings than gzip.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn upload(mut request: Request) -> Result<String> {
    ///     let mut file = Vec::new(); // for example a `tokio::fs::File`
    ///     let bytes = request.body(10 << 30)?.write_to(&mut file).await?;
    ///     Ok(format!("{bytes} bytes stored"))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().put("/file", public(upload)))?;
    /// assert_eq!(client.put("/file").body("four").await.text(), "4 bytes stored");
    /// # Ok(())
    /// # }
    /// ```
    pub fn body(&mut self, limit: u64) -> Result<BodyStream> {
        let body = self.take_body();
        #[cfg(feature = "gzip")]
        if self.settings().codings == Codings::Decoded {
            return BodyStream::new(decoded(body, self.headers(), limit)?, limit);
        }
        BodyStream::new(body, limit)
    }

    /// Streams the parts of a form (`multipart/form-data`, RFC 7578).
    ///
    /// # Errors
    /// 415 if the body has another media type, 413 if the announced length exceeds the limit.
    ///
    /// # Examples
    /// ```
    /// use resourceful::MultipartLimits;
    /// # use resourceful::prelude::*;
    /// async fn upload(mut request: Request) -> Result<String> {
    ///     let mut form = request.multipart(MultipartLimits::default())?;
    ///     let mut names = String::new();
    ///     while let Some(part) = form.next_part().await? {
    ///         let (name, file) = (part.name().to_owned(), part.file_name().map(str::to_owned));
    ///         let bytes = part.bytes().await?.len();
    ///         names += &format!("{name} {file:?} {bytes};");
    ///     }
    ///     Ok(names)
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().post("/", public(upload)))?;
    /// let form = "--x\r\nContent-Disposition: form-data; name=\"cat\"; filename=\"c.png\"\r\n\r\nmeow\r\n--x--\r\n";
    /// let request = client.post("/").header("content-type", "multipart/form-data; boundary=x");
    /// assert_eq!(request.body(form).await.text(), "cat Some(\"c.png\") 4;");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "multipart")]
    pub fn multipart(&mut self, limits: MultipartLimits) -> Result<Multipart> {
        let boundary = boundary(self.headers())?;
        let body = self.body(limits.total)?;
        Ok(Multipart::new(&boundary, body, limits))
    }

    /// Takes the body, without a size limit. A second call returns an empty body.
    pub fn take_body(&mut self) -> Body {
        let mut body = std::mem::take(&mut self.body);
        body.set_limits(BodyLimits {
            deadline: self.deadline(),
            ..self.settings().body_limits
        });
        body
    }

    /// Whether a body follows.
    pub(crate) fn has_body(&self) -> bool {
        !http_body::Body::is_end_stream(&self.body)
    }

    /// Converts the request into an [`http::Request`].
    ///
    /// Sets the `Host` field, and the authority of the URI if it has one, to [`host`](Self::host), so that
    /// the next service sees the same host.
    #[must_use]
    pub fn into_http(self) -> http::Request<Body> {
        self.into_http_and_caller().0
    }

    pub(crate) fn into_http_and_caller(mut self) -> (http::Request<Body>, C) {
        let body = self.take_body();
        let host = self.host().map(str::to_owned);
        let head = Arc::try_unwrap(self.head);
        let mut parts = head.map_or_else(|shared| shared.parts.clone(), |head| head.parts);
        if let Some(host) = host {
            host::set(&mut parts, &host);
        }
        (http::Request::from_parts(parts, body), self.caller)
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.head.settings()
    }

    /// The shared head, which can outlive the request.
    pub(crate) fn head(&self) -> &Arc<Head> {
        &self.head
    }
}

/// Without the caller, who may have secrets.
impl<C> fmt::Debug for Request<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", self.method())
            .field("uri", self.uri())
            .field("matched_path", &self.matched_path())
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// 404 for a path without a route, or for an id that does not parse.
pub(crate) fn nothing_here() -> Error {
    Error::not_found("There is nothing at this path.")
}

/// Parses a segment. Each id has one spelling: `7` is an integer, `+7` and `007` are not.
pub(crate) fn parse_segment<T: FromStr + fmt::Display>(segment: &str) -> Option<T> {
    let text = decode_segment(segment);
    let value = T::from_str(&text).ok()?;
    let doubtful = text.len() > 1
        && text.starts_with(['+', '-', '0'])
        && text[1..].bytes().all(|byte| byte.is_ascii_digit());
    (!doubtful || value.to_string().eq_ignore_ascii_case(&text)).then_some(value)
}

/// Adds a field to the response, whatever it is: for access rules.
pub fn add_response_field<C>(request: &Request<C>, name: HeaderName, value: HeaderValue) {
    request.head().notes().add_response_field(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!(parse_segment::<i64>("7"), Some(7));
        assert_eq!(parse_segment::<i64>("-7"), Some(-7));
        assert_eq!(parse_segment::<i64>("0"), Some(0));
        for other in [
            "+7",
            "007",
            "-0",
            "7.0",
            "",
            "9223372036854775808",
            "%37%20",
        ] {
            assert_eq!(parse_segment::<i64>(other), None, "{other}");
        }
        assert_eq!(parse_segment::<String>("007").as_deref(), Some("007"));
        assert_eq!(parse_segment::<f64>("0.50"), Some(0.5));
        assert_eq!(parse_segment::<String>("a%2Fb").as_deref(), Some("a/b"));
    }
}
