//! [`TestClient`]: requests to an application without a socket.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::body::{Body, Response};
use crate::error::build_error::BuildErrors;
use crate::service::AppService;

/// A client for tests that calls the application in this process, without a socket.
///
/// Its requests run through the whole application. Start and stop hooks do not run.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn hello(request: Request) -> Result<String> {
///     Ok(format!("hello {}", request.param::<String>("name")?))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/hello/{name}", public(hello)))?;
/// let response = client.get("/hello/Ada").await;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.text(), "hello Ada");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TestClient {
    service: AppService,
}

impl TestClient {
    /// Creates a client of this application.
    ///
    /// # Errors
    /// The errors of [`App::build`].
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// let client = TestClient::new(App::new())?;
    /// assert_eq!(client.get("/").await.status(), 404);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(app: App) -> Result<Self, BuildErrors> {
        Ok(Self {
            service: app.build()?,
        })
    }

    /// Creates a `GET` request. `path` may have a query.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.get("/").await.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, path: &str) -> TestRequest {
        self.request(Method::GET, path)
    }

    /// Creates a `POST` request.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.post("/").await.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn post(&self, path: &str) -> TestRequest {
        self.request(Method::POST, path)
    }

    /// Creates a `PUT` request.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.put("/").await.status(), 405);
    /// # Ok(())
    /// # }
    /// ```
    pub fn put(&self, path: &str) -> TestRequest {
        self.request(Method::PUT, path)
    }

    /// Creates a `PATCH` request.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.patch("/").await.status(), 405);
    /// # Ok(())
    /// # }
    /// ```
    pub fn patch(&self, path: &str) -> TestRequest {
        self.request(Method::PATCH, path)
    }

    /// Creates a `DELETE` request.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.delete("/").await.status(), 405);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self, path: &str) -> TestRequest {
        self.request(Method::DELETE, path)
    }

    /// Creates a request with any method.
    ///
    /// # Panics
    /// If `path` is not a URI.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.request(http::Method::OPTIONS, "/").await.status(), 204);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> TestRequest {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty());
        TestRequest {
            service: self.service.clone(),
            request: request.expect("the path is a URI"),
        }
    }
}

/// A request of a [`TestClient`]; `.await` sends it.
///
/// # Examples
/// ```
/// # use resourceful::prelude::*;
/// # async fn echo(mut request: Request) -> Result<String> {
/// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
/// let request: resourceful::TestRequest = client.get("/");
/// assert_eq!(request.await.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a request is sent by `.await`"]
pub struct TestRequest {
    service: AppService,
    request: http::Request<Body>,
}

impl TestRequest {
    /// Adds a header field.
    ///
    /// # Panics
    /// If the name or the value is invalid.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.get("/").header("x-request-id", "a").await.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("the name of a header field");
        let value = HeaderValue::try_from(value).expect("the value of a header field");
        self.request.headers_mut().append(name, value);
        self
    }

    /// Sets `value` as the JSON body.
    ///
    /// # Panics
    /// If `value` cannot be serialised.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.post("/").json(&[1]).await.text(), "\"[1]\"");
    /// # Ok(())
    /// # }
    /// ```
    pub fn json(self, value: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(value).expect("the value serialises");
        self.header(CONTENT_TYPE.as_str(), "application/json")
            .body(bytes)
    }

    /// Sets the body, without a `Content-Type`.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.post("/").body("four").await.text(), "\"four\"");
    /// # Ok(())
    /// # }
    /// ```
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    /// Sends the request and returns the response with its body unread, for streamed bodies.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(_: Request) -> Result<&'static str> { Ok("four") }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)))?;
    /// let response = client.get("/").streaming().await;
    /// assert_eq!(response.body().as_bytes(), Some(&b"four"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn streaming(self) -> Response {
        let (parts, body) = self.request.into_parts();
        let Ok(response) = self.service.walk(parts, body.into_incoming(), None).await;
        response
    }
}

impl IntoFuture for TestRequest {
    type Output = TestResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = TestResponse> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (parts, body) = self.streaming().await.into_parts();
            let body = body
                .collect()
                .await
                .expect("the body can be read")
                .to_bytes();
            TestResponse {
                status: parts.status,
                headers: parts.headers,
                body,
            }
        })
    }
}

/// A response to a [`TestRequest`], with its whole body.
///
/// # Examples
/// ```
/// # use resourceful::prelude::*;
/// # async fn echo(mut request: Request) -> Result<String> {
/// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
/// let response: resourceful::TestResponse = client.get("/").await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TestResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl TestResponse {
    /// The status code.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.get("/").await.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The header fields.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.get("/").await.headers()["content-type"], "text/plain; charset=utf-8");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.get("/").await.bytes().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    ///
    /// # Panics
    /// If the body is not UTF-8.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.get("/").await.text(), "\"\"");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// The body as a JSON value.
    ///
    /// # Panics
    /// If the body is not JSON.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.get("/nothing").await.json()["status"], 404);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        self.parse()
    }

    /// Deserialises the body from JSON.
    ///
    /// # Panics
    /// If the body is not JSON of the type `T`.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # async fn echo(mut request: Request) -> Result<String> {
    /// #     Ok(format!("{:?}", String::from_utf8_lossy(&request.bytes().await?)))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(echo)).post("/", public(echo)))?;
    /// assert_eq!(client.get("/").await.parse::<String>(), "");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn parse<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.body)))
    }
}
