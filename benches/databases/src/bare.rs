//! The service by hand on hyper.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use garde::Validate;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;

use crate::post::{Cursor, Feed, NewPost, Page, PostChanges};
use crate::process::announce;
use crate::service::{Result, Service};

type Reply = Response<Full<Bytes>>;

/// Serves until the process ends.
///
/// # Errors
/// If binding or accepting fails.
pub async fn serve(service: impl Service) -> Result<()> {
    let service = Arc::new(service);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?);
    let builder = http1::Builder::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = Arc::clone(&service);
        let service = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, Infallible>(handle(&*service, request).await.unwrap_or_else(failed)) }
        });
        tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
    }
}

async fn handle(service: &impl Service, request: Request<Incoming>) -> Result<Reply> {
    let query = request.uri().query().unwrap_or_default();
    let path = request.uri().path();
    let id = path.strip_prefix("/posts/").and_then(|id| id.parse().ok());
    match (request.method(), path) {
        (&Method::GET, "/posts") => {
            let Some((page, limit)) = page_of(query) else {
                return Ok(empty(StatusCode::UNPROCESSABLE_ENTITY));
            };
            let (posts, total) = service.list(limit, (page - 1) * limit).await?;
            Ok(json(StatusCode::OK, &Page::new(posts, page, limit, total)))
        }
        (&Method::GET, "/feed") => {
            let Some((limit, after)) = feed_of(query) else {
                return Ok(empty(StatusCode::UNPROCESSABLE_ENTITY));
            };
            let posts = service.feed(limit + 1, after).await?;
            Ok(json(StatusCode::OK, &Feed::new(posts, limit)))
        }
        (&Method::POST, "/posts") => match body::<NewPost>(request).await {
            Ok(new) => Ok(json(
                StatusCode::CREATED,
                &service.create(new.into_draft()).await?,
            )),
            Err(status) => Ok(empty(status)),
        },
        (&Method::POST, "/checked") => match body::<NewPost>(request).await {
            Ok(new) => Ok(match service.create_checked(new.into_draft()).await? {
                Some(post) => json(StatusCode::CREATED, &post),
                None => empty(StatusCode::CONFLICT),
            }),
            Err(status) => Ok(empty(status)),
        },
        (&Method::GET, _) if let Some(id) = id => Ok(match service.item(id).await? {
            Some(post) => json(StatusCode::OK, &post),
            None => empty(StatusCode::NOT_FOUND),
        }),
        (&Method::PATCH, _) if let Some(id) = id => match body::<PostChanges>(request).await {
            Ok(changes) => Ok(match service.update(id, changes).await? {
                Some(post) => json(StatusCode::OK, &post),
                None => empty(StatusCode::CONFLICT),
            }),
            Err(status) => Ok(empty(status)),
        },
        _ => Ok(empty(StatusCode::NOT_FOUND)),
    }
}

fn page_of(query: &str) -> Option<(i64, i64)> {
    let (mut page, mut limit) = (1, 10);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "page" => page = value.parse().ok()?,
            "limit" => limit = value.parse().ok()?,
            _ => {}
        }
    }
    (page >= 1 && (1..=100).contains(&limit)).then_some((page, limit))
}

fn feed_of(query: &str) -> Option<(i64, Option<Cursor>)> {
    let (mut limit, mut after) = (10, None);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "limit" => limit = value.parse().ok()?,
            "cursor" => after = Some(Cursor::parse(value)?),
            _ => {}
        }
    }
    (1..=100).contains(&limit).then_some((limit, after))
}

async fn body<T: DeserializeOwned + Validate<Context = ()>>(
    request: Request<Incoming>,
) -> Result<T, StatusCode> {
    let content_type = request.headers().get(CONTENT_TYPE);
    if content_type.is_none_or(|content_type| content_type != "application/json") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = request.into_body().collect().await;
    let body = body.map_err(|_| StatusCode::BAD_REQUEST)?.to_bytes();
    let value: T = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    value
        .validate()
        .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok(value)
}

fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let bytes = serde_json::to_vec(value).expect("a post serialises");
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

#[expect(clippy::needless_pass_by_value, reason = "`unwrap_or_else` passes it")]
fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> Reply {
    eprintln!("{error}");
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}

fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
