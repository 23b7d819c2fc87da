//! A value as parameters of a query string, as `resourceful::Query` reads them.

use serde::Serialize;
use serde_json::Value;

use crate::error::ClientError;

/// Each member is a parameter, and each element of a list; what is `None` is left out.
pub(crate) fn pairs(value: &impl Serialize) -> Result<Vec<(String, String)>, ClientError> {
    let malformed = |what: String| ClientError::Malformed(format!("the query {what}"));
    let value = serde_json::to_value(value).map_err(|error| malformed(error.to_string()))?;
    let members = match value {
        Value::Object(members) => members,
        Value::Null => return Ok(Vec::new()),
        _ => return Err(malformed("is no struct".to_owned())),
    };
    let mut pairs = Vec::new();
    for (name, value) in members {
        let values = match value {
            Value::Array(values) => values,
            Value::Null => continue,
            value => vec![value],
        };
        for value in values {
            let text = text(value).ok_or_else(|| malformed(format!("has no text for `{name}`")))?;
            pairs.push((name.clone(), text));
        }
    }
    Ok(pairs)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use resourceful::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &impl Serialize) -> String {
        let pairs = pairs(value).unwrap();
        let pairs = pairs.iter().map(|(name, text)| format!("{name}={text}"));
        pairs.collect::<Vec<_>>().join("&")
    }

    #[test]
    fn members_are_parameters() {
        let filter = json!({"a": "x y", "b": true, "c": 1.5, "d": null, "e": [], "f": ["1", 2]});
        assert_eq!(written(&filter), "a=x y&b=true&c=1.5&f=1&f=2");
        assert_eq!(written(&PageNumber::<10>::at(2, 50)), "limit=50&page=2");
        assert_eq!(written(&LimitOffset::<10>::at(20, 5)), "limit=5&offset=20");
        assert_eq!(written(&Unpaged), "");
        let paging = PageNumber::<10>::FIRST;
        let both = Filtered { filter, paging };
        assert_eq!(written(&both), "a=x y&b=true&c=1.5&f=1&f=2&limit=10&page=1");
        let paging = Unpaged;
        let filter = json!({"a": 1});
        assert_eq!(written(&Filtered { filter, paging }), "a=1");
    }

    #[test]
    fn what_has_no_text_is_refused() {
        for value in [
            json!({"a": {}}),
            json!({"a": [[1]]}),
            json!({"a": [null]}),
            json!([1]),
        ] {
            let error = pairs(&value).unwrap_err();
            assert!(matches!(error, ClientError::Malformed(_)), "{value}");
        }
    }
}
