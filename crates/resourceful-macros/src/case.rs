//! Conversion between snake case and camel case.

/// `BlogPosts` becomes `blog_posts`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut result = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !result.is_empty() {
            result.push('_');
        }
        result.extend(character.to_lowercase());
    }
    result
}

/// `set_cover` becomes `SetCover`.
pub(crate) fn camel_case(name: &str) -> String {
    let words = name.trim_start_matches("r#").split('_');
    let word = |word: &str| {
        let mut characters = word.chars();
        let first = characters.next().map(char::to_uppercase);
        first
            .into_iter()
            .flatten()
            .chain(characters)
            .collect::<String>()
    };
    words.map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_snake_case() {
        assert_eq!(snake_case("Posts"), "posts");
        assert_eq!(snake_case("BlogPosts"), "blog_posts");
    }

    #[test]
    fn functions_are_camel_case() {
        assert_eq!(camel_case("publish"), "Publish");
        assert_eq!(camel_case("set_cover"), "SetCover");
    }
}
