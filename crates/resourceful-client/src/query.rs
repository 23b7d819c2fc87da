//! Serializes a value as a query string in the format that `resourceful::Query` parses.

use serde::Serialize;
use serde_json::Value;

use crate::error::ClientError;

/// Returns a pair for each member, or for each element of a list. `None` has no pair.
pub(crate) fn pairs(value: &impl Serialize) -> Result<Vec<(String, String)>, ClientError> {
    let invalid = |message: String| ClientError::InvalidRequest(format!("the query {message}"));
    let value = serde_json::to_value(value).map_err(|error| invalid(error.to_string()))?;
    let members = match value {
        Value::Object(members) => members,
        Value::Null => return Ok(Vec::new()),
        _ => return Err(invalid("is not a struct".to_owned())),
    };
    let mut pairs = Vec::new();
    for (name, value) in members {
        let values = match value {
            Value::Array(values) => values,
            Value::Null => continue,
            value => vec![value],
        };
        for value in values {
            let text =
                text(value).ok_or_else(|| invalid(format!("cannot represent `{name}` as text")))?;
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

    fn query_string(value: &impl Serialize) -> String {
        let pairs = pairs(value).unwrap();
        let pairs = pairs.iter().map(|(name, text)| format!("{name}={text}"));
        pairs.collect::<Vec<_>>().join("&")
    }

    #[test]
    fn members_are_parameters() {
        let filter = json!({"a": "x y", "b": true, "c": 1.5, "d": null, "e": [], "f": ["1", 2]});
        assert_eq!(query_string(&filter), "a=x y&b=true&c=1.5&f=1&f=2");
        assert_eq!(
            query_string(&PageNumber::<10>::at(2, 50)),
            "limit=50&page=2"
        );
        assert_eq!(
            query_string(&LimitOffset::<10>::at(20, 5)),
            "limit=5&offset=20"
        );
        assert_eq!(query_string(&Unpaged), "");
        let paging = PageNumber::<10>::FIRST;
        let both = Filtered { filter, paging };
        assert_eq!(
            query_string(&both),
            "a=x y&b=true&c=1.5&f=1&f=2&limit=10&page=1"
        );
        let paging = Unpaged;
        let filter = json!({"a": 1});
        assert_eq!(query_string(&Filtered { filter, paging }), "a=1");
    }

    #[test]
    fn nested_values_are_refused() {
        for value in [
            json!({"a": {}}),
            json!({"a": [[1]]}),
            json!({"a": [null]}),
            json!([1]),
        ] {
            let error = pairs(&value).unwrap_err();
            assert!(matches!(error, ClientError::InvalidRequest(_)), "{value}");
        }
    }
}
