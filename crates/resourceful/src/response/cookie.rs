//! [`Cookie`]: a cookie with its type and attributes, which sets, reads and removes it.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use cookie::SameSite;
use http::StatusCode;
use http::header::{HeaderValue, SET_COOKIE};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::body::Response;
use crate::error::{Error, Result};
use crate::openapi::{Operation, Registry};
use crate::request::Request;
use crate::response::into_response::IntoResponse;
use crate::response::reply::{Content, Reply};
use crate::response::representation::Representation;

/// The longest name and value together, in bytes. Browsers drop a longer cookie without a word
/// (RFC 6265 section 6.1).
const MAX_SIZE: usize = 4096;

/// The prefix of a cookie that no other host and no page over plain HTTP can have set.
const HOST: &str = "__Host-";

/// All but `cookie-octet` (RFC 6265 section 4.1.1), and `%`.
const NOT_COOKIE_OCTET: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b',')
    .add(b';')
    .add(b'\\')
    .add(b'%');

/// A cookie: its name, its type and its attributes. One constant sets, reads and removes it.
///
/// A cookie is `__Host-name=value; HttpOnly; SameSite=Lax; Secure; Path=/` unless a method says otherwise.
/// Browsers accept the prefix `__Host-` only over HTTPS (and from `localhost`) and only from this host, so
/// another subdomain cannot set the cookie. Without [`max_age`](Self::max_age), it ends with the session
/// of the browser.
///
/// The value is any type with `Display` and `FromStr`. It is percent-encoded (RFC 6265 section 4.1.1 allows
/// few characters), and `decodeURIComponent` of JavaScript decodes it. A client can change its cookies: do
/// not trust a value more than a query parameter.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Cookie, WithCookie};
///
/// const VISITS: Cookie<u32> = Cookie::new("visits");
///
/// async fn visit(request: Request) -> Result<impl IntoResponse> {
///     let visits = VISITS.get(&request).unwrap_or(0) + 1;
///     Ok(format!("visit {visits}").with_cookie(VISITS.set(visits)?))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/", public(visit)))?;
/// let response = client.get("/").header("cookie", "__Host-visits=41").await;
/// assert_eq!(response.text(), "visit 42");
/// assert_eq!(
///     response.headers()["set-cookie"],
///     "__Host-visits=42; HttpOnly; SameSite=Lax; Secure; Path=/",
/// );
/// # Ok(())
/// # }
/// ```
pub struct Cookie<T = String> {
    name: &'static str,
    max_age: Option<Duration>,
    same_site: SameSite,
    is_secure: bool,
    is_http_only: bool,
    value: PhantomData<fn() -> T>,
}

impl<T> Cookie<T> {
    /// A cookie of this name, which is sent as `__Host-name`.
    ///
    /// # Panics
    /// If the name is no token (RFC 6265 section 4.1.1), or starts with `__` as the prefixes do. In a
    /// `const` this is a compile error.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Cookie;
    /// const THEME: Cookie = Cookie::new("theme");
    /// ```
    ///
    /// ```compile_fail
    /// const THEME: resourceful::Cookie = resourceful::Cookie::new("the theme");
    /// ```
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_token(name.as_bytes()), "the name of a cookie is a token");
        Self {
            name,
            max_age: None,
            same_site: SameSite::Lax,
            is_secure: true,
            is_http_only: true,
            value: PhantomData,
        }
    }

    /// Keeps the cookie for this time, in whole seconds. Browsers keep none for over 400 days. Default:
    /// until the browser is closed.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Cookie;
    /// use std::time::Duration;
    /// const THEME: Cookie = Cookie::new("theme").max_age(Duration::from_secs(86_400));
    /// ```
    #[must_use]
    pub const fn max_age(mut self, time: Duration) -> Self {
        self.max_age = Some(time);
        self
    }

    /// Lets scripts of the page read the cookie (`document.cookie`): without `HttpOnly`. A script that
    /// an attacker brings into the page can read it, too.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Cookie;
    /// const THEME: Cookie = Cookie::new("theme").readable_by_scripts();
    /// assert!(!THEME.set("dark")?.to_string().contains("HttpOnly"));
    /// # Ok::<(), resourceful::Error>(())
    /// ```
    #[must_use]
    pub const fn readable_by_scripts(mut self) -> Self {
        self.is_http_only = false;
        self
    }

    /// Sends the cookie with no request that another site starts, not even with a link to a page
    /// (`SameSite=Strict`).
    ///
    /// # Examples
    /// ```
    /// use resourceful::Cookie;
    /// const CONFIRMED: Cookie = Cookie::new("confirmed").same_site_strict();
    /// assert!(CONFIRMED.set("yes")?.to_string().contains("SameSite=Strict"));
    /// # Ok::<(), resourceful::Error>(())
    /// ```
    #[must_use]
    pub const fn same_site_strict(mut self) -> Self {
        self.same_site = SameSite::Strict;
        self
    }

    /// Sends the cookie with requests that other sites start, also with `POST` (`SameSite=None`). The
    /// application has to protect itself against cross-site request forgery.
    ///
    /// # Panics
    /// After [`insecure_over_plain_http`](Self::insecure_over_plain_http): browsers refuse such cookies.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Cookie;
    /// const WIDGET: Cookie = Cookie::new("widget").sent_by_other_sites();
    /// assert!(WIDGET.set("a")?.to_string().contains("SameSite=None"));
    /// # Ok::<(), resourceful::Error>(())
    /// ```
    #[must_use]
    pub const fn sent_by_other_sites(mut self) -> Self {
        assert!(self.is_secure, "a cookie of other sites needs `Secure`");
        self.same_site = SameSite::None;
        self
    }

    /// Sends the cookie over plain HTTP, too: without `Secure` and without `__Host-`. Anyone on the way
    /// reads and changes it.
    ///
    /// For development on a host other than `localhost`, where browsers keep secure cookies over HTTP.
    ///
    /// # Panics
    /// After [`sent_by_other_sites`](Self::sent_by_other_sites): browsers refuse such cookies.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Cookie;
    /// const THEME: Cookie = Cookie::new("theme").insecure_over_plain_http();
    /// assert_eq!(THEME.set("dark")?.to_string(), "theme=dark; HttpOnly; SameSite=Lax; Path=/");
    /// # Ok::<(), resourceful::Error>(())
    /// ```
    #[must_use]
    pub const fn insecure_over_plain_http(mut self) -> Self {
        let is_of_others = matches!(self.same_site, SameSite::None);
        assert!(!is_of_others, "a cookie of other sites needs `Secure`");
        self.is_secure = false;
        self
    }

    /// The value that the client sent. `None` if it is missing, or does not parse: an older version of the
    /// program may have set it.
    ///
    /// # Examples
    /// See [`Cookie`].
    #[must_use]
    pub fn get<C>(&self, request: &Request<C>) -> Option<T>
    where
        T: FromStr,
    {
        let value = request.cookie(&self.name())?;
        let value = percent_decode_str(&value).decode_utf8().ok()?;
        value.parse().ok()
    }

    /// Sets the cookie, by [`WithCookie::with_cookie`] or [`Error::with_cookie`].
    ///
    /// # Errors
    /// 500 if the name and the encoded value are longer than 4096 bytes: browsers drop such a cookie.
    ///
    /// # Examples
    /// See [`Cookie`].
    pub fn set(&self, value: impl Into<T>) -> Result<SetCookie>
    where
        T: fmt::Display,
    {
        let value = value.into().to_string();
        let value = utf8_percent_encode(&value, NOT_COOKIE_OCTET).to_string();
        let name = self.name();
        if name.len() + value.len() > MAX_SIZE {
            let error = format!("the cookie `{name}` is longer than {MAX_SIZE} bytes");
            return Err(Error::internal(error));
        }
        Ok(SetCookie::new(&self.with_value(name, value)))
    }

    /// Removes the cookie from the client.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful::{Cookie, WithCookie};
    ///
    /// const THEME: Cookie = Cookie::new("theme");
    ///
    /// async fn forget(_: Request) -> Result<impl IntoResponse> {
    ///     Ok(().with_cookie(THEME.remove()))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().delete("/theme", public(forget)))?;
    /// let response = client.delete("/theme").await;
    /// let removal = response.headers()["set-cookie"].to_str().unwrap();
    /// assert!(removal.starts_with("__Host-theme=; ") && removal.contains("Max-Age=0"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove(&self) -> SetCookie {
        let mut cookie = self.with_value(self.name(), String::new());
        cookie.make_removal();
        SetCookie::new(&cookie)
    }

    /// The whole name, with `__Host-` if the cookie has it.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Cookie;
    /// const THEME: Cookie = Cookie::new("theme");
    /// assert_eq!(THEME.name(), "__Host-theme");
    /// ```
    #[must_use]
    pub fn name(&self) -> String {
        let prefix = if self.is_secure { HOST } else { "" };
        format!("{prefix}{}", self.name)
    }

    fn with_value(&self, name: String, value: String) -> cookie::Cookie<'static> {
        let mut cookie = cookie::Cookie::new(name, value);
        cookie.set_path("/");
        cookie.set_secure(self.is_secure);
        cookie.set_http_only(self.is_http_only);
        cookie.set_same_site(self.same_site);
        if let Some(time) = self.max_age {
            let time = cookie::time::Duration::try_from(time);
            cookie.set_max_age(time.unwrap_or(cookie::time::Duration::MAX));
        }
        cookie
    }
}

/// Whether the name is a token that does not start like a prefix.
const fn is_token(name: &[u8]) -> bool {
    let starts_like_prefix = name.len() > 1 && name[0] == b'_' && name[1] == b'_';
    let mut index = 0;
    while index < name.len() {
        let is_separator = matches!(
            name[index],
            b'(' | b')'
                | b'<'
                | b'>'
                | b'@'
                | b','
                | b';'
                | b':'
                | b'\\'
                | b'"'
                | b'/'
                | b'['
                | b']'
                | b'?'
                | b'='
                | b'{'
                | b'}'
        );
        if is_separator || !name[index].is_ascii_graphic() {
            return false;
        }
        index += 1;
    }
    index > 0 && !starts_like_prefix
}

impl<T> Clone for Cookie<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Cookie<T> {}

impl<T> fmt::Debug for Cookie<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// A `Set-Cookie` field: [`Cookie::set`] and [`Cookie::remove`] make it.
///
/// Its value is marked as sensitive, so that HTTP/2 does not keep it in a table of fields
/// (RFC 7541 section 7.1.3).
///
/// # Examples
/// ```
/// use http::HeaderValue;
/// use resourceful::Cookie;
///
/// let field: HeaderValue = Cookie::<String>::new("theme").set("dark")?.into();
/// assert_eq!(field, "__Host-theme=dark; HttpOnly; SameSite=Lax; Secure; Path=/");
/// # Ok::<(), resourceful::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a cookie is set by the response that carries it: `.with_cookie(..)`"]
pub struct SetCookie(HeaderValue);

impl SetCookie {
    fn new(cookie: &cookie::Cookie<'_>) -> Self {
        let field = HeaderValue::try_from(cookie.to_string());
        let mut field = field.expect("tokens and cookie octets are a field value");
        field.set_sensitive(true);
        Self(field)
    }
}

impl fmt::Display for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().expect("a cookie is visible ASCII"))
    }
}

impl From<SetCookie> for HeaderValue {
    fn from(cookie: SetCookie) -> Self {
        cookie.0
    }
}

/// Sets cookies in any response: of views and of typed hooks.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Cookie, WithCookie};
///
/// const THEME: Cookie = Cookie::new("theme");
/// const FONT: Cookie = Cookie::new("font");
///
/// async fn settings(_: Request) -> Result<impl IntoResponse> {
///     Ok(Json("saved").with_cookie(THEME.set("dark")?).with_cookie(FONT.remove()))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().post("/settings", public(settings)))?;
/// let response = client.post("/settings").await;
/// assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
/// # Ok(())
/// # }
/// ```
pub trait WithCookie: Sized {
    /// The same response with one more `Set-Cookie` field.
    fn with_cookie(self, cookie: SetCookie) -> CookieResponse<Self> {
        CookieResponse {
            response: self,
            cookies: vec![cookie],
        }
    }
}

impl<T> WithCookie for T {}

/// A response that sets cookies: [`WithCookie::with_cookie`] makes it.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Cookie, CookieResponse, WithCookie};
///
/// const THEME: Cookie = Cookie::new("theme");
///
/// async fn theme(_: Request) -> Result<CookieResponse<Json<u8>>> {
///     Ok(Json(1).with_cookie(THEME.set("dark")?))
/// }
/// let app = App::new().get("/theme", public(theme));
/// ```
#[derive(Clone, Debug)]
pub struct CookieResponse<T> {
    response: T,
    cookies: Vec<SetCookie>,
}

impl<T> CookieResponse<T> {
    /// The response without its cookies, for example for
    /// [`location_id`](crate::AsyncResource::location_id).
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Cookie, WithCookie};
    /// let theme: Cookie = Cookie::new("theme");
    /// assert_eq!("text".with_cookie(theme.remove()).response(), &"text");
    /// ```
    pub fn response(&self) -> &T {
        &self.response
    }

    /// The same response with one more `Set-Cookie` field.
    #[must_use]
    pub fn with_cookie(mut self, cookie: SetCookie) -> Self {
        self.cookies.push(cookie);
        self
    }
}

impl<T: IntoResponse> IntoResponse for CookieResponse<T> {
    fn into_response(self) -> Response {
        let mut response = self.response.into_response();
        for cookie in self.cookies {
            response.headers_mut().append(SET_COOKIE, cookie.0);
        }
        response
    }

    fn into_reply(self) -> Result<Reply> {
        Ok(add(self.response.into_reply()?, self.cookies))
    }

    fn describe(operation: &mut Operation, registry: &mut Registry) {
        T::describe(operation, registry);
        operation.add_cookie_header();
    }
}

impl<T: Representation> Representation for CookieResponse<T> {
    fn represent(self, status: StatusCode) -> Result<Reply> {
        Ok(add(self.response.represent(status)?, self.cookies))
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode) {
        T::describe(operation, registry, status);
        operation.add_cookie_header();
    }
}

/// Adds a field for each cookie: one field of several cookies does not exist (RFC 6265 section 3).
fn add(reply: Reply, cookies: Vec<SetCookie>) -> Reply {
    match reply {
        Reply::Content(content) => {
            let with = |content: Content, cookie: SetCookie| content.with(SET_COOKIE, cookie.0);
            Reply::Content(cookies.into_iter().fold(content, with))
        }
        Reply::Response(mut response) => {
            for cookie in cookies {
                response.headers_mut().append(SET_COOKIE, cookie.0);
            }
            Reply::Response(response)
        }
    }
}

impl Error {
    /// Sets a cookie in the response to this error, for example to remove one that is no longer valid.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful::Cookie;
    ///
    /// const SESSION: Cookie = Cookie::new("session");
    ///
    /// async fn expired(_: Request) -> Result<()> {
    ///     Err(Error::unauthorized("Bearer").with_cookie(SESSION.remove()))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(expired)))?;
    /// assert!(client.get("/").await.headers().contains_key("set-cookie"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_cookie(self, cookie: SetCookie) -> Self {
        self.with_header(SET_COOKIE, cookie.0)
    }
}
