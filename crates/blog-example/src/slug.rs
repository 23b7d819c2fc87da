//! Slugs: titles in characters that need no encoding in a URL.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

const MAX_LENGTH: usize = 200;

/// The slug of a title, before it is made unique. Never empty.
pub(crate) fn slugify(title: &str) -> String {
    let kept = title
        .nfkd()
        .filter(char::is_ascii)
        .map(|c| c.to_ascii_lowercase());
    let mut slug = String::new();
    for character in kept {
        match character {
            'a'..='z' | '0'..='9' | '_' => slug.push(character),
            '-' | ' ' | '\t'..='\r' | '\x1c'..='\x1f' if !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    let slug = slug.trim_matches(['-', '_']);
    let slug = &slug[..slug.len().min(MAX_LENGTH)];
    if slug.is_empty() {
        "post".to_owned()
    } else {
        slug.to_owned()
    }
}

/// The free slugs of `base`, `base-2`, `base-3`, .., in this order, each once.
#[derive(Debug)]
pub(crate) struct FreeSlugs {
    base: String,
    taken: HashSet<String>,
    next: u64,
}

impl FreeSlugs {
    pub(crate) fn new(base: String, taken: HashSet<String>) -> Self {
        Self {
            base,
            taken,
            next: 1,
        }
    }
}

impl Iterator for FreeSlugs {
    type Item = String;

    /// Never `None`.
    fn next(&mut self) -> Option<String> {
        loop {
            let slug = match self.next {
                1 => self.base.clone(),
                number => format!("{}-{number}", self.base),
            };
            self.next += 1;
            if !self.taken.contains(&slug) {
                return Some(slug);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_slugs() {
        for (title, slug) in [
            ("Hello World", "hello-world"),
            ("Crème Brûlée à la Façon", "creme-brulee-a-la-facon"),
            ("新しい記事", "post"),
            ("<b>Bold</b> & co", "bboldb-co"),
            ("--Foo__bar  -  baz--", "foo__bar-baz"),
            ("🚀 Launch 🚀", "launch"),
            ("ﬁne №5", "fine-no5"),
            ("_-_", "post"),
        ] {
            assert_eq!(slugify(title), slug, "{title}");
        }
        assert_eq!(slugify(&"a".repeat(300)).len(), 200);
    }

    #[test]
    fn free_numbers_come_in_order() {
        let taken = || ["a", "a-2", "a-4"].map(str::to_owned).into();
        let free = |base: &str| FreeSlugs::new(base.to_owned(), taken()).take(2);
        assert!(free("a").eq(["a-3", "a-5"]));
        assert!(free("b").eq(["b", "b-2"]));
    }
}
