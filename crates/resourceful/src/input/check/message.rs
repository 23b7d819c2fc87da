//! The texts of field errors.

/// `must be a string`, `must be an integer or a string`.
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

/// `must be "a" or "b"`, for values in JSON.
pub(crate) fn must_be_one_of(values: &[String]) -> String {
    match values {
        [] => "is not one of the allowed values".to_owned(),
        [value] => format!("must be {value}"),
        [first, second] => format!("must be {first} or {second}"),
        values => format!("must be one of {}", values.join(", ")),
    }
}

/// `must have the member "a" or "b"`, for names in JSON.
pub(crate) fn must_have_one_of(names: &[String]) -> String {
    match names {
        [] => "is not one of the allowed values".to_owned(),
        [name] => format!("must have the member {name}"),
        [first, second] => format!("must have the member {first} or {second}"),
        names => format!("must have one of the members {}", names.join(", ")),
    }
}

/// `must be 1 to 10`.
pub(crate) fn range(minimum: &str, maximum: &str) -> String {
    format!("must be {minimum} to {maximum}")
}
