#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod action;
mod build_error;
mod error;
mod field_error;
mod never;
mod outcome;

mod cookie;
mod detached;
mod host;
mod incoming;
mod into_response;
mod json;
mod origin;
mod patience;
mod problem;
mod proxies;
mod reply;
mod response;
mod settings;
mod time_limit;

mod body;
mod head;
mod input;
#[cfg(feature = "multipart")]
mod multipart;
mod openapi;
mod parameters;
mod path;
mod query;
mod request;
mod route;

mod access;
mod description;
mod extra;
mod id;
mod paging;
mod representation;
mod resource;
mod view;

mod answer;
mod bulk;
mod caught;
mod conclude;
mod dispatch;
mod docs;
mod erased;
mod events;
mod gather;
mod health;
mod negotiate;
mod observe;
mod operations;
mod takeover;

mod app;
mod blocking;
mod describe;
mod document;
mod lifespan;
#[cfg(feature = "tower")]
mod mount;
mod router;
mod serve;
mod service;
#[cfg(feature = "websocket")]
mod socket;
mod test_client;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tls")]
mod tls;
mod walk;

#[doc(no_inline)]
pub use http;
pub use resourceful_macros::{Problem, resource, view};
#[cfg(feature = "tls")]
#[doc(no_inline)]
pub use tokio_rustls::rustls;

pub use self::access::{Access, Public};
pub use self::action::{Action, Actions, Extra};
pub use self::answer::Answer;
pub use self::app::App;
pub use self::blocking::blocking;
pub use self::body::BodyStream;
pub use self::build_error::BuildErrors;
pub use self::bulk::{Bulk, BulkFailure, BulkItem, BulkOutcomes, BulkSuccess};
pub use self::caught::caught;
pub use self::describe::OpenApi;
pub use self::description::Description;
pub use self::erased::FunctionView;
pub use self::error::{BoxError, Error, ErrorStatus, Result};
pub use self::events::{Event, EventSender, EventStream};
pub use self::extra::{
    ActionInput, BodyInput, ExtraAction, ExtraActions, NoInput, OnCollection, OnItem, QueryInput,
    Target,
};
pub use self::field_error::FieldError;
pub use self::gather::gather;
pub use self::id::Id;
pub use self::input::{Change, Input, from_json};
pub use self::into_response::{IntoResponse, Json};
#[cfg(feature = "multipart")]
pub use self::multipart::{Multipart, MultipartLimits, Part};
pub use self::never::Never;
pub use self::openapi::{Info, Parameter, ProblemKind, Problems, Security, Texts};
pub use self::paging::{LimitOffset, Page, PageNumber, Unpaged};
pub use self::problem::Problem;
pub use self::query::{Filtered, Query, QueryString};
pub use self::representation::{NoContent, Output, Raw, Representation};
pub use self::request::Request;
pub use self::resource::AsyncResource;
pub use self::response::{Body, Response};
pub use self::serve::{Listener, Server};
pub use self::service::AppService;
pub use self::settings::{DEFAULT_BODY_LIMIT, TrailingSlash};
#[cfg(feature = "websocket")]
pub use self::socket::{AsyncSocket, Message, Receive, Socket, Transmit};
pub use self::test_client::{TestClient, TestRequest, TestResponse};
#[cfg(feature = "tls")]
pub use self::tls::Tls;
pub use self::view::{AsyncView, Guarded, guarded, public, with_state};

/// What most files of an application need: `use resourceful::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Access, Action, Actions, App, AsyncResource, AsyncView, Bulk, Change, Description, Error,
        FieldError, Filtered, IntoResponse, Json, LimitOffset, Never, Page, PageNumber, Problem,
        Public, Request, Response, Result, TestClient, Unpaged, blocking, gather, guarded, public,
        resource, view, with_state,
    };
    pub use garde::Validate;
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}

/// For the macros' output alone.
#[doc(hidden)]
pub mod hidden {
    pub use crate::outcome::{Outcome, PageOf};
    pub use http::Method;
}
