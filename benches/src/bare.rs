//! The service written by hand on hyper, without a framework.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io;
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
use tokio::net::TcpListener;

use crate::{NewPost, PLAIN, PostQuery, Store, announce, extra_paths};

struct Service {
    store: Store,
    /// Additional collections: a set, because nobody writes a `match` with 300 arms.
    extra: HashSet<String>,
}

/// Serves until the process ends.
///
/// # Errors
/// If binding or accepting fails.
pub async fn serve(builder: &http1::Builder) -> io::Result<()> {
    let service = Arc::new(Service {
        store: Store::thousand(),
        extra: extra_paths().collect(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = Arc::clone(&service);
        let service = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, Infallible>(handle(&service, request).await) }
        });
        tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
    }
}

async fn handle(service: &Service, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    match (request.method(), path) {
        (&Method::GET, "/plain") => response(
            "text/plain; charset=utf-8",
            Bytes::from_static(PLAIN.as_bytes()),
        ),
        (&Method::GET, "/posts") => list(&service.store, request.uri().query().unwrap_or_default()),
        (&Method::POST, "/posts") => create(request).await,
        (&Method::GET, _) => match path.rsplit_once('/') {
            Some((collection, id))
                if collection == "/posts" || service.extra.contains(collection) =>
            {
                retrieve(&service.store, id)
            }
            _ => empty(StatusCode::NOT_FOUND),
        },
        _ => empty(StatusCode::NOT_FOUND),
    }
}

fn list(store: &Store, query: &str) -> Response<Full<Bytes>> {
    match parse(query).filter(|query| query.validate().is_ok()) {
        Some(query) => json(StatusCode::OK, &store.page(query)),
        None => empty(StatusCode::UNPROCESSABLE_ENTITY),
    }
}

fn parse(query: &str) -> Option<PostQuery> {
    let mut parsed = PostQuery::default();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "page" => parsed.page = value.parse().ok()?,
            "limit" => parsed.limit = value.parse().ok()?,
            _ => {}
        }
    }
    Some(parsed)
}

fn retrieve(store: &Store, id: &str) -> Response<Full<Bytes>> {
    match id.parse().ok().and_then(|id| store.find(id)) {
        Some(post) => json(StatusCode::OK, &post),
        None => empty(StatusCode::NOT_FOUND),
    }
}

async fn create(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let content_type = request.headers().get(CONTENT_TYPE);
    if content_type.is_none_or(|content_type| content_type != "application/json") {
        return empty(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let Ok(body) = request.into_body().collect().await else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let Ok(new) = serde_json::from_slice::<NewPost>(&body.to_bytes()) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    match new.validate() {
        Ok(()) => json(StatusCode::CREATED, &new.into_post()),
        Err(_) => empty(StatusCode::UNPROCESSABLE_ENTITY),
    }
}

fn json(status: StatusCode, value: &impl Serialize) -> Response<Full<Bytes>> {
    let bytes = serde_json::to_vec(value).expect("a post serialises");
    let mut response = response("application/json", bytes.into());
    *response.status_mut() = status;
    response
}

fn response(content_type: &'static str, bytes: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(bytes));
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
