//! `GET /openapi.json`, and the part of the document that `OPTIONS` returns.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::docs::build::{OpenApi, documented_path};
use crate::endpoint::public_endpoint::PublicEndpoint;
use crate::error::{Error, Result};
use crate::json;
use crate::request::Request;
use crate::response::reply::{Content, Reply};

/// The document, ready to send.
#[derive(Clone)]
pub(crate) struct Served(Arc<Rendered>);

struct Rendered {
    whole: Bytes,
    /// The parts that were requested so far, by the pattern of a path or the root path of the
    /// application.
    parts: RwLock<HashMap<String, Bytes>>,
}

impl PublicEndpoint for Served {
    async fn reply(&self, request: &Request) -> Result<Reply> {
        let document = match request.head().mounted_at() {
            None => self.0.whole.clone(),
            Some(_) => self.below(request.head().root_path())?,
        };
        Ok(Content::written_json(document).into())
    }
}

impl Served {
    pub(crate) fn new(document: &OpenApi) -> Self {
        Self(Arc::new(Rendered {
            whole: json::to_bytes(document).unwrap_or_default(),
            parts: RwLock::default(),
        }))
    }

    /// The whole document of a mounted application. It is made once per root path.
    fn below(&self, root_path: &str) -> Result<Bytes> {
        let name = format!("below {root_path}");
        self.made_once(name, || {
            let mut document: Value =
                serde_json::from_slice(&self.0.whole).map_err(Error::internal)?;
            document["servers"] = json!([{"url": root_path}]);
            json::to_bytes(&document)
        })
    }

    fn made_once(&self, name: String, make: impl FnOnce() -> Result<Bytes>) -> Result<Bytes> {
        let parts = &self.0.parts;
        let known = parts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = known.get(&name) {
            return Ok(part.clone());
        }
        drop(known);
        let part = make()?;
        let mut known = parts.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(name, part.clone());
        Ok(part)
    }

    /// The document of one path, with the components that the path refers to. It is made once.
    ///
    /// # Errors
    /// The whole document cannot be parsed, which would be a bug in the library.
    pub(crate) fn part(&self, pattern: &str) -> Result<Content> {
        let part = self.made_once(pattern.to_owned(), || self.make_part(pattern))?;
        Ok(Content::written_json(part))
    }

    fn make_part(&self, pattern: &str) -> Result<Bytes> {
        let mut document: Value = serde_json::from_slice(&self.0.whole).map_err(Error::internal)?;
        let path = documented_path(pattern);
        if let Some(Value::Object(paths)) = document.get_mut("paths") {
            paths.retain(|known, _| *known == path);
        }
        let needed = needed(&document);
        if let Some(Value::Object(components)) = document.get_mut("components") {
            for (kind, components) in components.iter_mut() {
                if let Value::Object(components) = components {
                    components.retain(|name, _| needed.contains(&reference(kind, name)));
                }
            }
        }
        if let Some(Value::Array(tags)) = document.get_mut("tags") {
            tags.clear();
        }
        json::to_bytes(&document)
    }
}

fn reference(kind: &str, name: &str) -> String {
    format!("#/components/{kind}/{name}")
}

/// The components that the paths refer to, directly or through other components.
fn needed(document: &Value) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut unread = vec![&document["paths"]];
    while let Some(value) = unread.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref")
                    && needed.insert(reference.clone())
                {
                    unread.extend(document.pointer(reference.trim_start_matches('#')));
                }
                if let Some(Value::Array(alternatives)) = members.get("security") {
                    let schemes = alternatives
                        .iter()
                        .filter_map(Value::as_object)
                        .flat_map(Map::keys);
                    needed.extend(schemes.map(|name| reference("securitySchemes", name)));
                }
                unread.extend(members.values());
            }
            Value::Array(elements) => unread.extend(elements),
            _ => {}
        }
    }
    needed
}
