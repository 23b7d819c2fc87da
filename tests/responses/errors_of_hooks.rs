//! The errors of each hook, and the refusals of each access rule, in the document.

use resourceful::prelude::*;
use resourceful::{ErrorStatus, ProblemKind};
use serde_json::Value;

use crate::fixture::NewPost;

#[derive(Debug, thiserror::Error, Problem)]
enum FilmError {
    #[error("no film")]
    #[problem(status = 404, detail = "Film not found")]
    NotFound,
    #[error("no director")]
    #[problem(status = 404, detail = "Director not found")]
    NoDirector,
    #[error("taken")]
    #[problem(status = 409, detail = "The title is taken.")]
    Taken,
    #[error("secret")]
    #[problem(status = 403, detail = "The film is secret.")]
    Secret,
    #[error(transparent)]
    #[problem(transparent)]
    Other(#[from] Error),
}

/// Refuses by 401, by 429, by 451, and some films by 403.
struct WithQuota;

impl<R: Sync> Access<R> for WithQuota {
    type Caller = ();

    fn refusals(_: &R, _: Option<Action>) -> Vec<ProblemKind> {
        vec![
            ProblemKind::new(ErrorStatus::new(401)),
            ProblemKind::new(ErrorStatus::new(403)).with_detail("Your quota is for reading."),
            ProblemKind::new(ErrorStatus::new(429)).with_retry_after(),
            ProblemKind::new(ErrorStatus::new(451)),
        ]
    }

    async fn check(_: &R, _: &Request) -> Result<()> {
        Ok(())
    }
}

struct Films;

#[resource]
impl AsyncResource for Films {
    type Access = WithQuota;

    #[errors(NotFound)]
    async fn retrieve(&self, _: &Request, _: Unchecked<i64>) -> Result<String, FilmError> {
        Err(FilmError::NotFound)
    }

    #[errors(Secret, Taken)]
    async fn update(
        &self,
        _: &Request,
        Unchecked(id): Unchecked<i64>,
        _: NewPost,
    ) -> Result<String, FilmError> {
        Err(if id == 1 {
            FilmError::Taken
        } else {
            FilmError::Secret
        })
    }

    async fn destroy(&self, _: &Request, _: Unchecked<i64>) -> Result<(), FilmError> {
        Err(FilmError::NoDirector)
    }

    #[action(POST, "publish")]
    #[errors(NoDirector, Other)]
    async fn publish(&self, _: &Request, _: Unchecked<i64>) -> Result<(), FilmError> {
        Err(Error::bad_request("No.").into())
    }

    #[action(POST, "hide")]
    #[errors()]
    async fn hide(&self, _: &Request, _: Unchecked<i64>) -> Result<(), FilmError> {
        Ok(())
    }
}

struct Trailer;

#[view]
impl AsyncView for Trailer {
    type Access = Public;

    #[errors(Taken)]
    async fn get(&self, _: Request) -> Result<Response, FilmError> {
        Err(FilmError::Taken)
    }

    async fn post(&self, _: Request) -> Result<Response, FilmError> {
        Err(FilmError::Taken)
    }
}

fn document() -> Value {
    let app = App::new()
        .resource("/films", Films)
        .view("/trailer", Trailer);
    app.openapi().unwrap().as_value().clone()
}

/// The statuses from 401 on of an operation that are not those of every request, and `default`.
fn statuses(document: &Value, path: &str, method: &str) -> Vec<String> {
    let responses = document["paths"][path][method]["responses"].as_object();
    let all = responses.unwrap().keys();
    let of_all = [
        "405", "406", "408", "413", "414", "415", "422", "500", "503",
    ];
    all.filter(|status| status.as_str() > "400" && !of_all.contains(&status.as_str()))
        .cloned()
        .collect()
}

#[test]
fn a_hook_has_the_errors_that_it_names() {
    let document = document();
    for (path, method, expected) in [
        (
            "/films/{id}",
            "get",
            vec!["401", "403", "404", "429", "451"],
        ),
        (
            "/films/{id}",
            "put",
            vec!["401", "403", "404", "409", "429", "451"],
        ),
        (
            "/films/{id}",
            "delete",
            vec!["401", "403", "404", "409", "429", "451", "default"],
        ),
        (
            "/films/{id}/publish",
            "post",
            vec!["401", "403", "404", "429", "451", "default"],
        ),
        (
            "/films/{id}/hide",
            "post",
            vec!["401", "403", "404", "429", "451"],
        ),
        ("/trailer", "get", vec!["409"]),
        ("/trailer", "post", vec!["403", "404", "409", "default"]),
    ] {
        assert_eq!(
            statuses(&document, path, method),
            expected,
            "{method} {path}"
        );
    }
}

fn response(document: &Value, path: &str, method: &str, status: &str) -> Value {
    let response = &document["paths"][path][method]["responses"][status];
    match response["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap().clone(),
        None => response.clone(),
    }
}

#[test]
fn a_response_has_the_texts_of_its_hook_and_of_the_access_rule() {
    let document = document();
    let text = |path, method, status| {
        let response = response(&document, path, method, status);
        response["description"].as_str().unwrap().to_owned()
    };
    let film = "/films/{id}";
    assert_eq!(text(film, "get", "404"), "Not found. Film not found.");
    assert_eq!(
        text("/films/{id}/publish", "post", "404"),
        "Not found. Director not found."
    );
    assert_eq!(
        text(film, "delete", "404"),
        "Not found. Film not found. Director not found."
    );
    // The path parameter's own 404 stays.
    assert_eq!(text(film, "put", "404"), "Not found.");
    assert_eq!(
        text(film, "get", "403"),
        "Permission denied. Your quota is for reading."
    );
    assert_eq!(
        text(film, "put", "403"),
        "Permission denied. Your quota is for reading. The film is secret."
    );
    assert_eq!(text(film, "get", "429"), "Too many requests.");
    let limited = response(&document, film, "get", "429");
    assert!(limited["headers"]["Retry-After"].is_object(), "{limited}");
    assert_eq!(text(film, "get", "451"), "Unavailable For Legal Reasons.");
}

#[test]
fn operations_with_the_same_problems_share_a_response() {
    let document = document();
    let reference = |path: &str, method: &str, status: &str| {
        document["paths"][path][method]["responses"][status]["$ref"].clone()
    };
    for status in ["429", "451"] {
        let name = format!("#/components/responses/WithQuota{status}");
        assert_eq!(reference("/films/{id}", "get", status), name.as_str());
        assert_eq!(reference("/films/{id}", "delete", status), name.as_str());
    }
    assert_eq!(
        reference("/films/{id}", "get", "404"),
        "#/components/responses/FilmErrorNotFound404"
    );
    assert_eq!(
        reference("/trailer", "get", "409"),
        reference("/trailer", "post", "409")
    );
}
