//! The opening handshake (RFC 6455 section 4.2).

use std::sync::Arc;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::Instrument as _;

use crate::body::{Body, Response};
use crate::endpoint::operation;
use crate::endpoint::{TypedEndpoint, run_view};
use crate::error::{Error, ErrorStatus, Result};
use crate::handler::access::Access;
use crate::openapi::{Operation, Registry, StandardError};
use crate::proto::host::{Host, is_same_name};
use crate::request::Request;
use crate::response::reply::Reply;
use crate::response::upgrade::Takeover;

use super::AsyncSocket;
use super::conversation::converse;

/// See [`App::socket`](crate::app::App::socket).
pub(crate) struct SocketEndpoint<S>(pub(crate) Arc<S>);

impl<S: AsyncSocket> TypedEndpoint for SocketEndpoint<S> {
    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        let mut operation = operation::anything();
        operation.set_security(S::Access::security(None), registry);
        operation.add_response(StatusCode::SWITCHING_PROTOCOLS, None);
        operation.add_standard_errors(&[StandardError::Forbidden, StandardError::UpgradeRequired]);
        Some(operation)
    }

    async fn serve(&self, request: Request) -> Reply {
        let answer = |request: Request| async move {
            S::Access::check(&*self.0, &request).await?;
            open(Arc::clone(&self.0), request)
        };
        run_view(request, answer).await
    }
}

/// The 101, and what comes after it.
fn open<S: AsyncSocket>(service: Arc<S>, request: Request) -> Result<Response> {
    let accept = check(&request)?;
    if let Some(origin) = once(request.headers(), &ORIGIN)?
        && !service.allows_origin(&request, origin)
    {
        return Err(Error::forbidden("Pages of this origin may not connect."));
    }
    let protocol = agreed(S::PROTOCOLS, request.headers());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    let upgrade = request.extensions().get::<OnUpgrade>().cloned();
    let is_ours = request.has_connection();
    let span = tracing::Span::current();
    let takeover = Takeover::new(move |carrier, read| {
        let talk = async move { converse(&*service, request, protocol, carrier, read).await };
        talk.instrument(span)
    });
    if is_ours {
        response.extensions_mut().insert(takeover);
    } else {
        // Another server's connection, which hands itself over when the 101 is sent.
        let upgrade = upgrade.ok_or_else(|| Error::internal("the server does not upgrade"))?;
        tokio::spawn(async move {
            match upgrade.await {
                Ok(carrier) => {
                    takeover
                        .run(TokioIo::new(carrier), bytes::Bytes::new())
                        .await;
                }
                Err(error) => tracing::debug!(error = error.to_string(), "not upgraded"),
            }
        });
    }
    Ok(response)
}

/// Is it a handshake? Then what is answered to its key.
fn check(request: &Request) -> Result<HeaderValue> {
    let headers = request.headers();
    let is_upgrade = request.version() == Version::HTTP_11
        && has_token(headers, &CONNECTION, "upgrade")
        && has_token(headers, &UPGRADE, "websocket");
    if !is_upgrade {
        let upgrade = HeaderValue::from_static("websocket");
        return Err(Error::new(ErrorStatus::new(426))
            .with_detail("A WebSocket is spoken here, over HTTP/1.1.")
            .with_header(UPGRADE, upgrade.clone())
            .with_header(CONNECTION, HeaderValue::from_static("upgrade")));
    }
    // RFC 6455 section 4.2.1; the bytes of a body would be read as frames.
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length != "0");
    if request.method() != Method::GET || has_body {
        return Err(Error::bad_request("A handshake is a GET without a body."));
    }
    if once(headers, &SEC_WEBSOCKET_VERSION)? != Some("13") {
        return Err(Error::new(ErrorStatus::new(426))
            .with_detail("Version 13 is spoken here.")
            .with_header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")));
    }
    // 16 bytes in base64.
    let key = once(headers, &SEC_WEBSOCKET_KEY)?.map(str::trim);
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let key = key.filter(|key| {
        let digits = key.strip_suffix("==").unwrap_or_default();
        digits.len() == 22 && digits.bytes().all(is_base64)
    });
    let key = key.ok_or_else(|| Error::bad_request("There is no valid Sec-WebSocket-Key."))?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(Error::internal)
}

/// The value of a field that may come once. Of two values, the one that we check would not be the
/// one that another reader goes by.
fn once<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => {
            let detail = format!("The field {name} must come once, in ASCII.");
            Err(Error::bad_request(detail))
        }
    }
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter();
    let mut tokens = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    tokens.any(|one| one.trim().eq_ignore_ascii_case(token))
}

/// The first of ours that the client knows.
fn agreed(ours: &'static [&'static str], headers: &HeaderMap) -> Option<&'static str> {
    let theirs = headers.get_all(SEC_WEBSOCKET_PROTOCOL);
    let knows = |protocol: &str| {
        theirs
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .any(|one| one.trim() == protocol)
    };
    ours.iter().copied().find(|protocol| knows(protocol))
}

/// `https://example.org` is of the hosts `example.org` and `example.org:443`.
pub(super) fn is_same_host(request: &Request, origin: &str) -> bool {
    let ours = request.host().and_then(Host::parse);
    ours.is_some_and(|ours| is_of(origin, ours))
}

/// A port that is missing is the default one of the origin's scheme (RFC 6454 section 4). Behind a
/// proxy a server does not know its own scheme, so that it is not compared.
fn is_of(origin: &str, ours: Host<'_>) -> bool {
    let Some((scheme, theirs)) = origin.split_once("://") else {
        return false;
    };
    let default = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => return false,
    };
    let port = |host: Host<'_>| host.port.unwrap_or(default);
    Host::parse(theirs)
        .is_some_and(|theirs| is_same_name(theirs.name, ours.name) && port(theirs) == port(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_of_the_host_that_was_asked() {
        for (origin, host) in [
            ("https://a", "a"),
            ("https://a", "a:443"),
            ("https://a:443", "a"),
            ("http://a", "a:80"),
            ("http://a:80", "a"),
            ("http://a:8000", "a:8000"),
            ("ws://a", "a:80"),
            ("wss://a", "a:443"),
            ("HTTPS://A.example", "a.EXAMPLE:443"),
            ("https://a.", "a"),
            ("https://a", "a.:443"),
            ("http://[::1]", "[::1]:80"),
            ("http://[::1]:8000", "[::1]:8000"),
        ] {
            assert!(is_of(origin, Host::parse(host).unwrap()), "{origin} {host}");
        }
        for (origin, host) in [
            ("https://a", "b"),
            ("https://a", "a:80"),
            ("http://a", "a:443"),
            ("https://a:8000", "a"),
            ("https://a", "a:8000"),
            ("https://a.b", "a"),
            ("https://b.a", "a"),
            ("https://a..", "a"),
            ("http://[::1]", "[::2]"),
            ("null", "null"),
            ("a", "a"),
            ("file://", "a"),
            ("chrome-extension://a", "a"),
            ("https://a/", "a"),
            ("https://user@a", "a"),
            ("https://a https://b", "a"),
            ("https://a, https://b", "b"),
            ("https://", "a"),
        ] {
            assert!(
                !is_of(origin, Host::parse(host).unwrap()),
                "{origin} {host}"
            );
        }
    }
}
