//! Cookies of a request (RFC 6265 section 5.4).

use cookie::Cookie;
use http::header::COOKIE;

use crate::request::Request;

impl<C> Request<C> {
    /// The value of a cookie, as the client sent it.
    ///
    /// The name is the whole name, with `__Host-` if the cookie has it. A value that
    /// [`Cookie`](crate::Cookie) has set is percent-encoded: [`Cookie::get`](crate::Cookie::get) decodes it.
    /// Of several cookies of one name it is the first, which has the longest path.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn theme(request: Request) -> Result<String> {
    ///     Ok(request.cookie("theme").unwrap_or_else(|| "light".to_owned()))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(theme)))?;
    /// assert_eq!(client.get("/").header("cookie", "a=b; theme=dark").await.text(), "dark");
    /// assert_eq!(client.get("/").await.text(), "light");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let (_, value) = self.cookies().find(|(found, _)| found == name)?;
        Some(value)
    }

    /// All cookies, as names and values in the order in which the client sent them.
    ///
    /// Pairs without a name or without `=` are left out. Bytes that are not UTF-8 become U+FFFD: a cookie of
    /// another program on the host hides no other.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn names(request: Request) -> Result<String> {
    ///     Ok(request.cookies().map(|(name, _)| name).collect::<Vec<_>>().join(" "))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(names)))?;
    /// assert_eq!(client.get("/").header("cookie", "a=1; b=2").await.text(), "a b");
    /// # Ok(())
    /// # }
    /// ```
    pub fn cookies(&self) -> impl Iterator<Item = (String, String)> {
        let fields = self.headers().get_all(COOKIE).iter();
        let pairs = fields.flat_map(|field| {
            Cookie::split_parse(String::from_utf8_lossy(field.as_bytes())).flatten()
        });
        pairs.map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()))
    }
}
