//! `GET /openapi.json`, and the part of it that `OPTIONS` answers.

use std::collections::BTreeSet;

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
pub(crate) struct Served(Bytes);

impl Serve for Served {
    async fn serve(&self, request: Request) -> Reply {
        let document = Content::written_json(self.0.clone());
        by_value(request, |_| async { Ok(Reply::from(document)) }).await
    }
}

impl Served {
    pub(crate) fn new(document: &OpenApi) -> Self {
        Self(json::to_bytes(document).unwrap_or_default())
    }

    /// A document of one path, with the components that it refers to.
    ///
    /// # Errors
    /// When it cannot be read, which would be a fault of ours.
    pub(crate) fn part(&self, pattern: &str) -> Result<Content> {
        let mut document: Value = serde_json::from_slice(&self.0).map_err(Error::internal)?;
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
        Ok(Content::written_json(json::to_bytes(&document)?))
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
