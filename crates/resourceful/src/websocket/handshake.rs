//! The opening handshake of a WebSocket (RFC 6455 section 4.2).

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
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::error::{Error, ErrorStatus, Result};
use crate::handler::access::describe_access;
use crate::openapi::{Operation, Registry, StandardError};
use crate::request::Request;
use crate::request::head::Head;
use crate::response::reply::Reply;
use crate::response::upgrade::Upgrade;

use super::async_socket::{AsyncSocket, SocketCaller};
use super::conversation::converse;

/// See [`App::socket`](crate::app::App::socket).
pub(crate) struct SocketEndpoint<S>(pub(crate) Arc<S>);

impl<S: AsyncSocket> TypedEndpoint for SocketEndpoint<S> {
    type Access = S::Access;
    type State = S;
    type Input = ();
    type Output = Response;

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        let mut operation = operation::any_request();
        describe_access::<S::Access, S>(&self.0, None, &mut operation, registry);
        operation.add_response(StatusCode::SWITCHING_PROTOCOLS, None);
        operation.add_standard_errors(&[StandardError::Forbidden, StandardError::UpgradeRequired]);
        Some(operation)
    }

    fn state(&self) -> &S {
        &self.0
    }

    async fn read(&self, _: &mut Request) -> Result<()> {
        Ok(())
    }

    async fn call(&self, request: Request<SocketCaller<S>>, (): ()) -> Result<Response> {
        open(Arc::clone(&self.0), request)
    }

    fn respond(&self, response: Response, _: &Head) -> Result<Reply> {
        Ok(response.into())
    }
}

/// Returns the 101 response. After it, the hook gets the connection.
fn open<S: AsyncSocket>(service: Arc<S>, request: Request<SocketCaller<S>>) -> Result<Response> {
    let accept = check(&request)?;
    if let Some(origin) = once(request.headers(), &ORIGIN)?
        && !service.allows_origin(&request, origin)
    {
        return Err(Error::forbidden("Pages of this origin may not connect."));
    }
    let protocol = negotiate(S::PROTOCOLS, request.headers());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    let on_upgrade = request.extensions().get::<OnUpgrade>().cloned();
    let is_ours = request.has_connection();
    let span = tracing::Span::current();
    let upgrade = Upgrade::new(move |io, read| {
        let talk = async move { converse(&*service, request, protocol, io, read).await };
        talk.instrument(span)
    });
    if is_ours {
        response.extensions_mut().insert(upgrade);
    } else {
        // The connection of another server, which upgrades after it has sent the 101 response.
        let on_upgrade =
            on_upgrade.ok_or_else(|| Error::internal("the server does not upgrade"))?;
        tokio::spawn(async move {
            match on_upgrade.await {
                Ok(io) => {
                    upgrade.run(TokioIo::new(io), bytes::Bytes::new()).await;
                }
                Err(error) => tracing::debug!(error = error.to_string(), "not upgraded"),
            }
        });
    }
    Ok(response)
}

/// Checks the handshake. Returns the value of `Sec-WebSocket-Accept`.
fn check<C>(request: &Request<C>) -> Result<HeaderValue> {
    let headers = request.headers();
    let is_upgrade = request.version() == Version::HTTP_11
        && has_token(headers, &CONNECTION, "upgrade")
        && has_token(headers, &UPGRADE, "websocket");
    if !is_upgrade {
        let upgrade = HeaderValue::from_static("websocket");
        return Err(Error::new(ErrorStatus::new(426))
            .with_detail("This path serves a WebSocket over HTTP/1.1.")
            .with_header(UPGRADE, upgrade.clone())
            .with_header(CONNECTION, HeaderValue::from_static("upgrade")));
    }
    // The handshake has no body (RFC 6455 section 4.2.1): its bytes would be read as frames.
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length != "0");
    if request.method() != Method::GET || has_body {
        return Err(Error::bad_request("A handshake is a GET without a body."));
    }
    if once(headers, &SEC_WEBSOCKET_VERSION)? != Some("13") {
        return Err(Error::new(ErrorStatus::new(426))
            .with_detail("Only version 13 of the protocol is supported.")
            .with_header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")));
    }
    // 16 bytes in base64.
    let key = once(headers, &SEC_WEBSOCKET_KEY)?.map(str::trim);
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let key = key.filter(|key| {
        let digits = key.strip_suffix("==").unwrap_or_default();
        digits.len() == 22 && digits.bytes().all(is_base64)
    });
    let key = key.ok_or_else(|| Error::bad_request("A valid Sec-WebSocket-Key is missing."))?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(Error::internal)
}

/// The value of a field that must not be repeated: of two values, another reader might use the one that
/// we did not check.
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

/// The first of our subprotocols that the client offers.
fn negotiate(ours: &'static [&'static str], headers: &HeaderMap) -> Option<&'static str> {
    let theirs = headers.get_all(SEC_WEBSOCKET_PROTOCOL);
    let knows = |protocol: &str| {
        theirs
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .any(|one| one.trim() == protocol)
    };
    ours.iter().copied().find(|protocol| knows(protocol))
}
