#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// From the top layer to the bottom. Each module imports only modules below it.
mod app;
mod builtin;
mod server;
mod service;

mod docs;
mod router;
#[cfg(feature = "websocket")]
mod websocket;

mod body;
mod endpoint;
mod handler;
mod input;
mod openapi;
mod request;
mod response;

mod action;
mod error;
mod json;
mod metrics;
mod proto;
mod task;
mod trace_context;

#[doc(no_inline)]
pub use http;
pub use resourceful_macros::{AsRef, Problem, endpoint, resource, view};
#[cfg(feature = "tls")]
#[doc(no_inline)]
pub use tokio_rustls::rustls;

pub use self::action::{Action, ActionSpec, Actions};
pub use self::app::App;
pub use self::app::config::AppConfig;
pub use self::app::test_client::{TestClient, TestRequest, TestResponse};
#[cfg(feature = "multipart")]
pub use self::body::multipart::{Multipart, MultipartLimits, Part};
pub use self::body::stream::BodyStream;
pub use self::body::{Body, Response};
#[cfg(feature = "files")]
pub use self::builtin::static_files::StaticFiles;
pub use self::docs::access_rules::{AccessRule, AccessRules};
pub use self::docs::build::OpenApi;
pub use self::endpoint::function_endpoint::{FunctionKind, FunctionView, ViewFunction};
#[cfg(feature = "tower")]
pub use self::endpoint::layers::Next;
pub use self::endpoint::response_future::ResponseFuture;
#[cfg(feature = "tower")]
pub use self::endpoint::without_cookies::WithoutCookies;
pub use self::error::build_error::BuildErrors;
pub use self::error::field_error::FieldError;
pub use self::error::problem::Problem;
pub use self::error::{BoxError, Error, ErrorStatus, Result};
pub use self::handler::access::{Access, Public};
pub use self::handler::authenticate::{Authenticate, Authentication};
pub use self::handler::authenticator::{Any, Authenticator};
pub use self::handler::description::Description;
pub use self::handler::endpoint_function::EndpointFunction;
pub use self::handler::id::Id;
pub use self::handler::only::{Only, Policy};
pub use self::handler::parent::{NoParent, Parent, Parents};
pub use self::handler::resource::{AsyncResource, Caller};
pub use self::handler::resource_action::{
    ActionInput, ActionTarget, BodyInput, ExtraActions, NoInput, OnCollection, OnItem, QueryInput,
    ResourceAction,
};
pub use self::handler::signed_in::{Maybe, SignedIn, SignedInToWrite};
pub use self::handler::subject::{Subject, Unchecked};
pub use self::handler::unused::Never;
pub use self::handler::view::{AsyncView, Guarded, guarded, public};
pub use self::input::bulk::{Bulk, BulkFailure, BulkItem, BulkResults, BulkSuccess};
pub use self::input::form::Form;
pub use self::input::pagination::{LimitOffset, NextPage, Page, PageNumber, Unpaged};
pub use self::input::query::{Filtered, Query, QueryString};
pub use self::input::{Change, Input, from_json};
pub use self::openapi::{
    DocComments, HookErrors, Info, Parameter, ProblemKind, Problems, Security,
};
pub use self::proto::connection_info::ConnectionInfo;
pub use self::proto::validators::Validators;
pub use self::request::Request;
pub use self::request::settings::{DEFAULT_MAX_BODY_SIZE, TrailingSlash};
pub use self::response::content::{Binary, OctetStream, Text};
#[cfg(feature = "cookies")]
pub use self::response::cookie::{Cookie, CookieResponse, SetCookie, WithCookie};
#[cfg(feature = "csv")]
pub use self::response::csv::Csv;
pub use self::response::destroy_output::DestroyOutput;
pub use self::response::fields::{RepresentationExt, WithHeader, WithHeaders};
#[cfg(feature = "files")]
pub use self::response::file::{AnyType, FileResponse};
pub use self::response::into_response::{IntoResponse, Json};
pub use self::response::media_type::MediaType;
pub use self::response::received::FromResponse;
pub use self::response::redirect::Redirect;
pub use self::response::representation::{NoContent, Output, Raw, Representation};
pub use self::response::sse::{Event, EventSender, EventStream};
pub use self::response::status::{Accepted, Created, Status};
#[cfg(feature = "tower")]
pub use self::response::tower_service::HttpService;
#[cfg(feature = "tls")]
pub use self::server::tls::Tls;
pub use self::server::{Listener, Server, ServerConfig};
pub use self::service::AppService;
pub use self::task::blocking::blocking;
pub use self::task::catch_panic::catch_panic;
pub use self::task::gather::gather;
pub use self::trace_context::{TraceContext, continue_trace, set_trace_context, traceparent};
#[cfg(feature = "websocket")]
pub use self::websocket::{AsyncSocket, IncomingMessage, Message, OutgoingMessage, Socket};

/// The items that most files of an application need: `use resourceful::prelude::*;`.
pub mod prelude {
    pub use crate::RepresentationExt as _;
    pub use crate::{
        Access, Action, Actions, App, AsRef, AsyncResource, AsyncView, Bulk, Change, Description,
        Error, FieldError, Filtered, IntoResponse, Json, LimitOffset, Page, PageNumber, Problem,
        Public, Request, Response, Result, SignedIn, Subject, TestClient, Unchecked, Unpaged,
        blocking, endpoint, gather, guarded, public, resource, view,
    };
    pub use garde::Validate;
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}

/// Items for the output of the macros, for `resourceful-db` and for `resourceful-testing` only.
#[doc(hidden)]
pub mod hidden {
    pub use crate::error::whole_seconds;
    pub use crate::handler::conditional::{precondition_failed, preconditions, set_validators};
    pub use crate::handler::endpoint_function::IsEndpoint;
    pub use crate::handler::idempotency::{Attempt, IdempotentActions, KeyRule, Once, transaction};
    pub use crate::handler::open_subject::OpenToAll;
    pub use crate::handler::resource::Conditions;
    pub use crate::handler::signature::{HookResult, PageOf};
    pub use crate::input::pagination::{check_limits, limit_parameter, read_limit};
    pub use crate::openapi::{WITHOUT_NUL, has_variant};
    pub use crate::proto::preconditions::{Preconditions, Tags};
    pub use crate::proto::validators::version_in;
    pub use crate::request::add_response_field;
    pub use crate::response::problem_reply::InvalidInput;
    pub use crate::response::received::ReceivedResponse;
    pub use http::Method;
}
