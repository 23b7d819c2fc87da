//! The opening handshake (RFC 6455 section 4.2).

use std::sync::Arc;

use http::header::{
    CONNECTION, HeaderMap, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::Instrument as _;

use crate::access::Access;
use crate::erased::{Serve, by_value};
use crate::error::{Error, ErrorStatus, Result};
use crate::openapi::{Operation, Refusal, Scribe};
use crate::operations;
use crate::reply::Reply;
use crate::request::Request;
use crate::response::{Body, Response};
use crate::takeover::Takeover;

use super::AsyncSocket;
use super::conversation::converse;

/// See [`App::socket`](crate::app::App::socket).
pub(crate) struct SocketEndpoint<S>(pub(crate) Arc<S>);

impl<S: AsyncSocket> Serve for SocketEndpoint<S> {
    fn describe(&self, scribe: &mut Scribe) -> Option<Operation> {
        let mut operation = operations::anything();
        operation.secure(S::Access::security(None), scribe);
        operation.answers(StatusCode::SWITCHING_PROTOCOLS, None);
        operation.refuse(&[Refusal::Forbidden, Refusal::UpgradeRequired]);
        Some(operation)
    }

    async fn serve(&self, request: Request) -> Reply {
        let answer = |request: Request| async move {
            S::Access::check(&*self.0, &request).await?;
            open(Arc::clone(&self.0), request)
        };
        by_value(request, answer).await
    }
}

/// The 101, and what comes after it.
fn open<S: AsyncSocket>(service: Arc<S>, request: Request) -> Result<Response> {
    let accept = check(&request)?;
    if let Some(origin) = request.header(ORIGIN)
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
    if request.header(SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(Error::new(ErrorStatus::new(426))
            .with_detail("Version 13 is spoken here.")
            .with_header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")));
    }
    // 16 bytes in base64.
    let key = request.header(SEC_WEBSOCKET_KEY).map(str::trim);
    let key = key.filter(|key| key.len() == 24 && key.ends_with("=="));
    let key = key.ok_or_else(|| Error::bad_request("There is no valid Sec-WebSocket-Key."))?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(Error::internal)
}

fn has_token(headers: &HeaderMap, name: &http::HeaderName, token: &str) -> bool {
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

/// `https://example.org:8000` is of the host `example.org:8000`.
pub(super) fn is_same_host(request: &Request, origin: &str) -> bool {
    let host = origin.split_once("://").map(|(_scheme, host)| host);
    match (host, request.host()) {
        (Some(theirs), Some(ours)) => theirs.eq_ignore_ascii_case(ours),
        _ => false,
    }
}
