//! The schemas of problem details.

use serde_json::{Value, json};

/// The schemas of problem details (RFC 9457) by name.
pub(crate) fn problem_schemas() -> [(&'static str, Value); 2] {
    let members = json!({
        "type": {
            "type": "string", "format": "uri-reference",
            "description": "Type of the problem; `about:blank` adds nothing to the status.",
        },
        "title": {"type": "string", "description": "Short text for the type."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "Explanation of this occurrence."},
    });
    let mut invalid = members.clone();
    invalid["errors"] = json!({
        "type": "array",
        "minItems": 1,
        "description": "Every invalid field.",
        "items": {
            "type": "object",
            "required": ["detail"],
            "properties": {
                "pointer": {
                    "type": "string",
                    "description": "Location in the body: a JSON Pointer as a URI fragment (RFC 6901 section 6).",
                },
                "name": {"type": "string", "description": "Name of the parameter."},
                "in": {"type": "string", "description": "Location of the parameter: `query`."},
                "detail": {"type": "string", "description": "Explanation of the error."},
            },
        },
    });
    // Other members are allowed. With `additionalProperties`, generated TypeScript would allow `errors` in
    // every problem and could not distinguish the two types.
    let problem = json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": members,
        "unevaluatedProperties": true,
    });
    let invalid = json!({
        "type": "object",
        "description": "Problem details (RFC 9457) of a request with invalid fields.",
        "required": ["type", "title", "status", "errors"],
        "properties": invalid,
        "unevaluatedProperties": true,
    });
    [("Problem", problem), ("InvalidProblem", invalid)]
}
