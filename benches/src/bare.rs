//! The work by hand, straight on hyper: what one would write without a framework.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use garde::Validate;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::post::{NewPost, Post, thousand};
use crate::told_to_stop;

#[derive(Clone, Copy)]
pub(crate) enum Settings {
    /// hyper as it comes.
    Default,
    /// hyper with the settings that our server uses.
    Tuned,
}

pub(crate) async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let posts: Arc<Vec<Post>> = Arc::new(thousand());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut stop = std::pin::pin!(told_to_stop());
    loop {
        let stream = tokio::select! {
            () = &mut stop => return Ok(()),
            accepted = listener.accept() => accepted?.0,
        };
        stream.set_nodelay(true)?;
        let posts = Arc::clone(&posts);
        let service = service_fn(move |request| {
            let posts = Arc::clone(&posts);
            async move { Ok::<_, Infallible>(handle(&posts, request).await) }
        });
        let mut builder = http1::Builder::new();
        if let Settings::Tuned = settings {
            builder.half_close(true).writev(false);
        }
        tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
    }
}

async fn handle(posts: &[Post], request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    match (request.method(), path) {
        (&Method::GET, "/posts") => list(posts, request.uri().query().unwrap_or_default()),
        (&Method::POST, "/posts") => create(request).await,
        (&Method::GET, _) if path.starts_with("/posts/") => retrieve(posts, &path[7..]),
        _ => empty(StatusCode::NOT_FOUND),
    }
}

#[derive(Serialize)]
struct List<'p> {
    posts: &'p [Post],
    pagination: Pagination,
}

#[derive(Serialize)]
struct Pagination {
    page: usize,
    limit: usize,
    total: usize,
    has_next: bool,
}

fn list(posts: &[Post], query: &str) -> Response<Full<Bytes>> {
    let (mut page, mut limit) = (1, 10);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let place = match name {
            "page" => &mut page,
            "limit" => &mut limit,
            _ => continue,
        };
        match value.parse::<usize>() {
            Ok(value) if value >= 1 => *place = value,
            _ => return empty(StatusCode::UNPROCESSABLE_ENTITY),
        }
    }
    if limit > 100 {
        return empty(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let offset = (page - 1).saturating_mul(limit);
    let items: Vec<Post> = posts.iter().skip(offset).take(limit).cloned().collect();
    let total = posts.len();
    let pagination = Pagination {
        page,
        limit,
        total,
        has_next: offset + limit < total,
    };
    json(
        StatusCode::OK,
        &List {
            posts: &items,
            pagination,
        },
    )
}

fn retrieve(posts: &[Post], id: &str) -> Response<Full<Bytes>> {
    let found = id
        .parse::<i64>()
        .ok()
        .and_then(|id| usize::try_from(id - 1).ok());
    match found.and_then(|index| posts.get(index)).cloned() {
        Some(post) => json(StatusCode::OK, &post),
        None => empty(StatusCode::NOT_FOUND),
    }
}

async fn create(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
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
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
