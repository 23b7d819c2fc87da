//! GitHub's webhooks.
//!
//! <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode;
use resourceful::{Parameter, prelude::*};
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::provider::Provider;
use crate::signature::{SecretError, Secrets, SignatureError, header};

/// GitHub as a sender.
///
/// # Examples
/// ```
/// use resourceful_webhook::GitHub;
///
/// // While the secret is being changed, both count.
/// let github = GitHub::new("new secret")?.with_secret("old secret")?;
/// # Ok::<(), resourceful_webhook::SecretError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GitHub {
    secrets: Secrets,
}

impl GitHub {
    /// With the secret that GitHub was told.
    ///
    /// # Errors
    /// When it is empty.
    ///
    /// # Examples
    /// See [`GitHub`].
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        let secrets = Secrets::new(secret.as_bytes())?;
        Ok(Self { secrets })
    }

    /// With a further secret.
    ///
    /// # Errors
    /// When it is empty.
    ///
    /// # Examples
    /// See [`GitHub`].
    pub fn with_secret(self, secret: &str) -> Result<Self, SecretError> {
        let secrets = self.secrets.with(secret.as_bytes())?;
        Ok(Self { secrets })
    }
}

/// What happened at GitHub. Whatever GitHub left out is `None`, or an empty list.
///
/// # Examples
/// ```
/// use resourceful_webhook::GitHubEvent;
///
/// fn describe(event: &GitHubEvent) -> String {
///     match event {
///         GitHubEvent::Push(push) => format!("{} commits", push.commits.len()),
///         GitHubEvent::Unknown { name, .. } => format!("something called {name}"),
///         _ => "something else".to_owned(),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum GitHubEvent {
    /// `push`: commits were pushed.
    Push(Push),
    /// `pull_request`: something happened to a pull request.
    PullRequest(PullRequests),
    /// `issues`: something happened to an issue.
    Issues(Issues),
    /// `ping`: the webhook was set up.
    Ping,
    /// Any other event, as it was sent.
    Unknown {
        /// The name of the event, `star`.
        name: String,
        /// The whole body.
        payload: Box<RawValue>,
    },
}

/// Commits that were pushed.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Push {
    /// Where to, `refs/heads/main`.
    pub reference: Option<String>,
    /// The commits, oldest first; at most 2048.
    pub commits: Vec<Commit>,
    /// The repository.
    pub repository: Option<Repository>,
}

/// What happened to a pull request.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug)]
#[non_exhaustive]
pub struct PullRequests {
    /// What happened, `opened`.
    pub action: Option<String>,
    /// The pull request.
    pub pull_request: Option<PullRequest>,
    /// Its repository.
    pub repository: Option<Repository>,
}

/// What happened to an issue.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Issues {
    /// What happened, `opened`.
    pub action: Option<String>,
    /// The issue.
    pub issue: Option<Issue>,
    /// Its repository.
    pub repository: Option<Repository>,
}

/// A commit.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// Its message.
    #[schemars(extend("x-allow-nul" = true))]
    pub message: Option<String>,
}

/// A repository.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Repository {
    /// `owner/name`.
    #[schemars(extend("x-allow-nul" = true))]
    pub full_name: Option<String>,
}

/// A pull request.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: Option<u64>,
    /// Its title.
    #[schemars(extend("x-allow-nul" = true))]
    pub title: Option<String>,
}

/// An issue.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Issue {
    /// Its number in the repository.
    pub number: Option<u64>,
    /// Its title.
    #[schemars(extend("x-allow-nul" = true))]
    pub title: Option<String>,
}

/// What the events have in common: these members mean the same in all of them.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Payload {
    #[schemars(extend("x-allow-nul" = true))]
    action: Option<String>,
    #[serde(rename = "ref")]
    #[schemars(extend("x-allow-nul" = true))]
    reference: Option<String>,
    #[serde(default)]
    commits: Vec<Commit>,
    #[serde(default, deserialize_with = "not_null")]
    repository: Option<Repository>,
    #[serde(default, deserialize_with = "not_null")]
    pull_request: Option<PullRequest>,
    #[serde(default, deserialize_with = "not_null")]
    issue: Option<Issue>,
}

/// What can be said of an event that is not known: these members are objects where they are.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct AnyPayload {
    #[serde(rename = "repository")]
    _repository: Option<AnyObject>,
    #[serde(rename = "pull_request")]
    _pull_request: Option<AnyObject>,
    #[serde(rename = "issue")]
    _issue: Option<AnyObject>,
}

/// An object of which nothing is kept: 25 MB of JSON would be many times that as values.
#[derive(Debug, JsonSchema)]
struct AnyObject {}

impl<'de> Deserialize<'de> for AnyObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = AnyObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<AnyObject, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(AnyObject {})
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// GitHub leaves these members out or sends an object.
fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The JSON of a delivery: the body, or the member `payload` of a form, of which the body has
/// nothing else. Any other body is as it came, so that a form of another shape is no JSON.
fn json<'b>(headers: &HeaderMap, body: &'b [u8]) -> Cow<'b, [u8]> {
    let media_type = headers.get(CONTENT_TYPE).map_or(&[][..], |value| {
        let value = value.as_bytes();
        value.split(|byte| *byte == b';').next().unwrap_or(value)
    });
    let is_form = media_type
        .trim_ascii()
        .eq_ignore_ascii_case(b"application/x-www-form-urlencoded");
    match body.strip_prefix(b"payload=") {
        Some(payload) if is_form && !payload.contains(&b'&') => {
            let mut json = Vec::with_capacity(payload.len());
            for (index, word) in payload.split(|byte| *byte == b'+').enumerate() {
                if index > 0 {
                    json.push(b' ');
                }
                json.extend(percent_decode(word));
            }
            Cow::Owned(json)
        }
        _ => Cow::Borrowed(body),
    }
}

impl Provider for GitHub {
    type Event = GitHubEvent;
    type Signature = String;

    /// GitHub's own limit.
    const MAX_BODY_SIZE: u64 = 25 * 1024 * 1024;

    fn describe() -> Description {
        let signature = Parameter::header::<String>("X-Hub-Signature-256")
            .with_description("HMAC-SHA256 of the body under the shared secret.")
            .with_keyword("pattern", "^sha256=[0-9a-f]{64}$")
            .required();
        let event = Parameter::header::<String>("X-GitHub-Event")
            .with_description("What happened: `push`, `issues`, ..")
            .with_keyword("minLength", 1)
            .required();
        Description::of("Takes what GitHub has to tell.")
            .parameter(signature)
            .parameter(event)
            .body_of("application/json")
    }

    fn signature(&self, headers: &HeaderMap, _: SystemTime) -> Result<String, SignatureError> {
        let signature = header(headers, "x-hub-signature-256")?;
        let signature = signature
            .strip_prefix("sha256=")
            .ok_or(SignatureError::Invalid)?;
        Ok(signature.to_owned())
    }

    fn verify(&self, signature: &String, body: &[u8]) -> Result<(), SignatureError> {
        self.secrets
            .verify(&[body], &[signature], |mac| hex::encode(mac))
    }

    fn event(&self, headers: &HeaderMap, body: &[u8]) -> Result<GitHubEvent> {
        let json = json(headers, body);
        let name = headers.get("x-github-event");
        let name = name.and_then(|name| name.to_str().ok());
        let Some(name @ ("push" | "pull_request" | "issues" | "ping")) = name else {
            // Also without a name it is said first that it is no JSON.
            let _: AnyPayload = resourceful::from_json(&json)?;
            let name = name.filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| Error::bad_request("Missing event name"))?;
            return Ok(GitHubEvent::Unknown {
                name: name.to_owned(),
                payload: serde_json::from_slice(&json).map_err(Error::internal)?,
            });
        };
        let Payload {
            action,
            reference,
            commits,
            repository,
            pull_request,
            issue,
        } = resourceful::from_json(&json)?;
        Ok(match name {
            "push" => GitHubEvent::Push(Push {
                reference,
                commits,
                repository,
            }),
            "pull_request" => GitHubEvent::PullRequest(PullRequests {
                action,
                pull_request,
                repository,
            }),
            "issues" => GitHubEvent::Issues(Issues {
                action,
                issue,
                repository,
            }),
            _ => GitHubEvent::Ping,
        })
    }

    fn delivery_id(&self, headers: &HeaderMap, _: &[u8]) -> Option<String> {
        let id = headers.get("x-github-delivery")?.to_str().ok()?;
        (!id.is_empty()).then(|| id.to_owned())
    }
}
