//! [`WithoutCookies`]: a layer for requests without a cookie.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::header::COOKIE;
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{Body, Response};
use crate::endpoint::layers::Next;
use crate::response::tower_service::HttpService;

/// A tower layer that only requests without a `Cookie` field pass through.
///
/// Write it around compression. A browser sends the cookies of a user with requests that another site
/// makes. If such a response has a secret and a text that the other site chooses, the site learns the
/// secret from the compressed lengths (BREACH, CVE-2013-3587).
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::WithoutCookies;
/// use tower_http::compression::CompressionLayer;
///
/// async fn hello(_: Request) -> Result<String> { Ok("hello ".repeat(100)) }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let app = App::new().get("/", public(hello)).layer(WithoutCookies(CompressionLayer::new()));
/// let client = TestClient::new(app)?;
/// let compressed = client.get("/").header("accept-encoding", "gzip").await;
/// assert_eq!(compressed.headers()["content-encoding"], "gzip");
/// let plain = client.get("/").header("accept-encoding", "gzip").header("cookie", "a=b").await;
/// assert!(plain.headers().get("content-encoding").is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithoutCookies<L>(pub L);

impl<L> Layer<Next> for WithoutCookies<L>
where
    L: Layer<Next>,
    L::Service: HttpService,
{
    type Service = CookieSwitch;

    fn layer(&self, next: Next) -> CookieSwitch {
        CookieSwitch {
            layered: next.clone().layered(&self.0),
            next,
        }
    }
}

/// The service of [`WithoutCookies`].
#[derive(Clone, Debug)]
pub struct CookieSwitch {
    layered: Next,
    next: Next,
}

impl Service<http::Request<Body>> for CookieSwitch {
    type Response = Response;
    type Error = Infallible;
    type Future = <Next as Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.headers().contains_key(COOKIE) {
            self.next.call(request)
        } else {
            self.layered.call(request)
        }
    }
}
