//! Texts of field errors.

/// "must be a string", "must be a string or null".
pub(crate) fn must_be(types: &[&str]) -> String {
    let with_article = |name: &&str| match *name {
        "null" => "null".to_owned(),
        name if name.starts_with(['a', 'i', 'o']) => format!("an {name}"),
        name => format!("a {name}"),
    };
    let types: Vec<String> = types.iter().map(with_article).collect();
    match types.split_last() {
        None => "is not allowed".to_owned(),
        Some((only, [])) => format!("must be {only}"),
        Some((last, others)) => format!("must be {} or {last}", others.join(", ")),
    }
}

/// `must be "a" or "b"`, of values as JSON.
pub(crate) fn must_be_one_of(values: &[String]) -> String {
    match values {
        [] => "is none of the allowed values".to_owned(),
        [one] => format!("must be {one}"),
        [one, other] => format!("must be {one} or {other}"),
        several => format!("must be one of {}", several.join(", ")),
    }
}

/// `must have the member "a" or "b"`, of names as JSON.
pub(crate) fn must_have_one_of(names: &[String]) -> String {
    match names {
        [] => "is none of the allowed values".to_owned(),
        [one] => format!("must have the member {one}"),
        [one, other] => format!("must have the member {one} or {other}"),
        several => format!("must have one of the members {}", several.join(", ")),
    }
}

/// "must be 1 to 10".
pub(crate) fn range(minimum: &str, maximum: &str) -> String {
    format!("must be {minimum} to {maximum}")
}
