//! [`GitHub`]: GitHub's webhooks.
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
/// // During rotation both secrets are accepted.
/// let github = GitHub::new("new secret")?.with_secret("old secret")?;
/// # Ok::<(), resourceful_webhook::SecretError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GitHub {
    secrets: Secrets,
}

impl GitHub {
    /// Creates the provider with the webhook's secret.
    ///
    /// # Errors
    /// If it is empty.
    ///
    /// # Examples
    /// See [`GitHub`].
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        let secrets = Secrets::new(secret.as_bytes())?;
        Ok(Self { secrets })
    }

    /// Adds a secret, for rotation.
    ///
    /// # Errors
    /// If it is empty.
    ///
    /// # Examples
    /// See [`GitHub`].
    pub fn with_secret(self, secret: &str) -> Result<Self, SecretError> {
        let secrets = self.secrets.with(secret.as_bytes())?;
        Ok(Self { secrets })
    }
}

/// An event of GitHub. Missing members are `None` or an empty list.
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
    Push(PushEvent),
    /// `pull_request`: a pull request changed.
    PullRequest(PullRequestEvent),
    /// `issues`: an issue changed.
    Issues(IssuesEvent),
    /// `ping`: the webhook was created.
    Ping,
    /// Any other event, unparsed.
    Unknown {
        /// Name of the event: `star`.
        name: String,
        /// Complete body.
        payload: Box<RawValue>,
    },
}

/// Event `push`.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug)]
#[non_exhaustive]
pub struct PushEvent {
    /// Git reference: `refs/heads/main`.
    pub reference: Option<String>,
    /// Commits, oldest first; at most 2048.
    pub commits: Vec<Commit>,
    /// The repository.
    pub repository: Option<Repository>,
}

/// Event `pull_request`.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug)]
#[non_exhaustive]
pub struct PullRequestEvent {
    /// Action: `opened`.
    pub action: Option<String>,
    /// The pull request.
    pub pull_request: Option<PullRequest>,
    /// The repository.
    pub repository: Option<Repository>,
}

/// Event `issues`.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuesEvent {
    /// Action: `opened`.
    pub action: Option<String>,
    /// The issue.
    pub issue: Option<Issue>,
    /// The repository.
    pub repository: Option<Repository>,
}

/// A commit.
///
/// # Examples
/// See [`GitHubEvent`].
#[derive(Debug, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Commit {
    /// Hash of the commit.
    pub id: String,
    /// Commit message.
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
    /// Number in the repository.
    pub number: Option<u64>,
    /// Title.
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
    /// Number in the repository.
    pub number: Option<u64>,
    /// Title.
    #[schemars(extend("x-allow-nul" = true))]
    pub title: Option<String>,
}

/// Members that have the same meaning in all typed events.
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

/// Checks of an unknown event: these members must be objects if present.
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

/// An object whose members are discarded: 25 MB of JSON would need many times that as values.
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

/// GitHub omits these members or sends an object, never `null`.
fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Returns the JSON of a delivery: the body, or the field `payload` of a form that has no other
/// field. Other bodies are returned unchanged, so any other form is not JSON.
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

    /// GitHub's limit.
    const MAX_BODY_SIZE: u64 = 25 * 1024 * 1024;

    fn describe() -> Description {
        let signature = Parameter::header::<String>("X-Hub-Signature-256")
            .with_description("HMAC-SHA256 of the body under the shared secret.")
            .with_keyword("pattern", "^sha256=[0-9a-f]{64}$")
            .required();
        let event = Parameter::header::<String>("X-GitHub-Event")
            .with_description("Name of the event: `push`, `issues`, ..")
            .with_keyword("minLength", 1)
            .required();
        Description::of("Receives events of GitHub.")
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
            // A body that is not JSON is reported before a missing name.
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
            "push" => GitHubEvent::Push(PushEvent {
                reference,
                commits,
                repository,
            }),
            "pull_request" => GitHubEvent::PullRequest(PullRequestEvent {
                action,
                pull_request,
                repository,
            }),
            "issues" => GitHubEvent::Issues(IssuesEvent {
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
