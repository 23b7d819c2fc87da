//! Reads doc comments from attributes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, ItemImpl, Lit, Meta, parse_quote};

use crate::hooks::{self, Hook};

/// Adds `const DOCS`: the doc comments of the block and of its hooks.
pub(crate) fn add_const(block: &mut ItemImpl, hooks: &[Hook]) {
    if hooks::has_const(block, "DOCS") {
        return;
    }
    let block_text = text(&block.attrs);
    let texts = hooks.iter().filter_map(|hook| {
        let text = text(&hooks::find(block, hook.name)?.attrs);
        let name = hook.name;
        (!text.is_empty()).then(|| quote!((#name, #text)))
    });
    let texts: Vec<TokenStream> = texts.collect();
    block.items.push(parse_quote! {
        const DOCS: ::resourceful::DocComments = ::resourceful::DocComments::new(#block_text, &[#(#texts),*]);
    });
}

/// Text of a doc comment, without the leading space of each line.
pub(crate) fn text(attributes: &[Attribute]) -> String {
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
    let parts: Vec<_> = lines.collect();
    // `/** */` is one attribute of many lines; each `///` is one attribute, and its text begins
    // with a space.
    let lines = parts.iter().flat_map(|part| part.split('\n'));
    let lines: Vec<_> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::text;
    use syn::{ItemFn, parse_quote};

    #[test]
    fn doc_comments_keep_their_layout() {
        let function: ItemFn = parse_quote! {
            /// All posts.
            ///
            ///     let posts = 1;
            #[inline]
            /// The end.
            fn list() {}
        };
        assert_eq!(
            text(&function.attrs),
            "All posts.\n\n    let posts = 1;\nThe end."
        );
    }
}
