//! `GET /openapi.json`, and the part of it that `OPTIONS` answers.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::describe::{OpenApi, documented_path};
use crate::erased::{Serve, by_value};
use crate::error::{Error, Result};
use crate::json;
use crate::reply::{Content, Reply};
use crate::request::Request;

/// The document as it is sent.
#[derive(Clone)]
pub(crate) struct Served(Arc<Document>);

struct Document {
    whole: Bytes,
    /// By the patterns of paths, as far as they were asked for.
    parts: RwLock<HashMap<String, Bytes>>,
}

impl Serve for Served {
    async fn serve(&self, request: Request) -> Reply {
        let document = Content::written_json(self.0.whole.clone());
        by_value(request, |_| async { Ok(Reply::from(document)) }).await
    }
}

impl Served {
    pub(crate) fn new(document: &OpenApi) -> Self {
        Self(Arc::new(Document {
            whole: json::to_bytes(document).unwrap_or_default(),
            parts: RwLock::default(),
        }))
    }

    /// A document of one path, with the components that it refers to; made once.
    ///
    /// # Errors
    /// When it cannot be read, which would be a fault of ours.
    pub(crate) fn part(&self, pattern: &str) -> Result<Content> {
        let parts = &self.0.parts;
        let known = parts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = known.get(pattern) {
            return Ok(Content::written_json(part.clone()));
        }
        drop(known);
        let part = self.make_part(pattern)?;
        let mut known = parts.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(pattern.to_owned(), part.clone());
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

/// The components that the paths need, and those that these need.
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
