//! Doc comments, read off attributes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, ItemImpl, Lit, Meta, parse_quote};

use crate::hooks::{self, Hook};

/// `const DOCS`: the doc comments of the block and of its hooks.
pub(crate) fn add(block: &mut ItemImpl, hooks: &[Hook]) {
    if hooks::has_const(block, "DOCS") {
        return;
    }
    let whole = of(&block.attrs);
    let texts = hooks.iter().filter_map(|hook| {
        let text = of(&hooks::find(block, hook.name)?.attrs);
        let name = hook.name;
        (!text.is_empty()).then(|| quote!((#name, #text)))
    });
    let texts: Vec<TokenStream> = texts.collect();
    block.items.push(parse_quote! {
        const DOCS: ::resourceful::DocComments = ::resourceful::DocComments::new(#whole, &[#(#texts),*]);
    });
}

/// The text of a doc comment.
pub(crate) fn of(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
    let text: Vec<_> = lines.collect();
    // `/** */` is one attribute of many lines; `///` is one each, with a space before its text.
    let lines = text.iter().flat_map(|text| text.split('\n'));
    let lines: Vec<_> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::of;
    use syn::{ItemFn, parse_quote};

    #[test]
    fn doc_comments_are_read_as_they_were_written() {
        let function: ItemFn = parse_quote! {
            /// All posts.
            ///
            ///     let posts = 1;
            #[inline]
            /// The end.
            fn list() {}
        };
        assert_eq!(
            of(&function.attrs),
            "All posts.\n\n    let posts = 1;\nThe end."
        );
    }
}
