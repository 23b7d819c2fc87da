//! Looks up and checks hooks in an `impl` block, for `#[resource]` and `#[view]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, ItemImpl, PathArguments,
    ReturnType, Type, parse_quote,
};

/// A hook of a trait.
pub(crate) struct Hook {
    pub(crate) name: &'static str,
    /// Parameters as written in an error message, `&self` included.
    pub(crate) parameters: &'static [&'static str],
    pub(crate) output: &'static str,
}

/// Checks that every function of the block is one of `hooks` and has its signature. Removes
/// each wrong one, so that its error is the only one. Functions named in `others` are accepted.
pub(crate) fn check(
    block: &mut ItemImpl,
    hooks: &[Hook],
    others: &[&str],
    trait_name: &str,
) -> Vec<Error> {
    let mut errors = Vec::new();
    block.items.retain(|item| {
        let ImplItem::Fn(function) = item else {
            return true;
        };
        let ident = &function.sig.ident;
        if others.iter().any(|other| ident == other) {
            return true;
        }
        let Some(hook) = hooks.iter().find(|hook| ident == hook.name) else {
            let names: Vec<_> = hooks.iter().map(|hook| hook.name).collect();
            errors.push(unknown_hook(ident, &names, trait_name));
            return false;
        };
        let error = wrong_signature(function, hook);
        let keep = error.is_none();
        errors.extend(error);
        keep
    });
    errors
}

/// Returns the function with this name.
pub(crate) fn find<'b>(block: &'b ItemImpl, name: &str) -> Option<&'b ImplItemFn> {
    block.items.iter().find_map(|item| match item {
        ImplItem::Fn(function) if function.sig.ident == name => Some(function),
        _ => None,
    })
}

pub(crate) fn has_type(block: &ItemImpl, name: &str) -> bool {
    block
        .items
        .iter()
        .any(|item| matches!(item, ImplItem::Type(it) if it.ident == name))
}

pub(crate) fn has_const(block: &ItemImpl, name: &str) -> bool {
    block
        .items
        .iter()
        .any(|item| matches!(item, ImplItem::Const(it) if it.ident == name))
}

/// Returns an error unless the block implements the trait `name`.
pub(crate) fn wrong_trait(block: &ItemImpl, name: &str) -> Option<Error> {
    let implemented = block
        .trait_
        .as_ref()
        .and_then(|(_, path, _)| path.segments.last());
    if implemented.is_some_and(|last| last.ident == name) {
        return None;
    }
    let message = format!("this macro is for `impl {name} for ..`");
    Some(Error::new(block.self_ty.span(), message))
}

/// Returns an error if `type Access` is missing, and adds one to avoid follow-up errors of the
/// compiler.
pub(crate) fn require_access(block: &mut ItemImpl) -> Option<Error> {
    if has_type(block, "Access") {
        return None;
    }
    block.items.push(parse_quote!(
        type Access = ::resourceful::Public;
    ));
    let message = "`type Access` is missing: write `type Access = Public;`, or name your own type that \
                   implements `Access`";
    Some(Error::new(block.self_ty.span(), message))
}

/// Type of the parameter at `index`; `&self` is 0.
pub(crate) fn parameter(function: &ImplItemFn, index: usize) -> Option<&Type> {
    match function.sig.inputs.iter().nth(index)? {
        FnArg::Typed(parameter) => Some(&parameter.ty),
        FnArg::Receiver(_) => None,
    }
}

/// `T` of `Result<T>`, as the user wrote it; for an alias, a projection that the compiler
/// resolves.
pub(crate) fn value_type(function: &ImplItemFn) -> Option<TokenStream> {
    let output = output(function)?;
    Some(match generics(output, "Result").first() {
        Some(value) => quote!(#value),
        None => projection(output, &format_ident!("Value")),
    })
}

/// `E` of `Result<T, E>`; for `Result<T>`, a projection that the compiler resolves.
pub(crate) fn error_type(function: &ImplItemFn) -> Option<TokenStream> {
    let output = output(function)?;
    Some(match generics(output, "Result").get(1) {
        Some(error) => quote!(#error),
        None => projection(output, &format_ident!("Error")),
    })
}

/// Generic arguments of `output` if it is written as `name<..>`, else none.
pub(crate) fn generics<'t>(output: &'t Type, name: &str) -> Vec<&'t Type> {
    let Type::Path(path) = output else {
        return Vec::new();
    };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == name) else {
        return Vec::new();
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    });
    types.collect()
}

/// Type after `->`.
pub(crate) fn output(function: &ImplItemFn) -> Option<&Type> {
    match &function.sig.output {
        ReturnType::Type(_, output) => Some(output),
        ReturnType::Default => None,
    }
}

fn projection(output: &Type, name: &Ident) -> TokenStream {
    quote_spanned!(output.span()=> <#output as ::resourceful::hidden::HookResult>::#name)
}

fn wrong_signature(function: &ImplItemFn, hook: &Hook) -> Option<Error> {
    let signature = &function.sig;
    let given = signature.inputs.len();
    let expected = hook.parameters.len();
    if let Some(cfg) = function
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("cfg"))
    {
        let message = "a hook cannot be behind `cfg`: put `#[cfg(..)]` on the whole `impl` block";
        return Some(Error::new_spanned(cfg, message));
    }
    let problem = if signature.asyncness.is_none() {
        "must be an `async fn` (a function that returns a future needs the block written by hand)"
            .to_owned()
    } else if given != expected {
        format!("must take {expected} parameters, not {given}")
    } else if output(function).is_none() {
        "must return a `Result`".to_owned()
    } else {
        return None;
    };
    let Hook {
        name,
        parameters,
        output,
    } = hook;
    let parameters = parameters.join(", ");
    let message = format!("`{name}` {problem}: `async fn {name}({parameters}) -> {output}`");
    Some(Error::new_spanned(signature, message))
}

/// The error for a function that is none of `hooks`.
pub(crate) fn unknown_hook(ident: &Ident, hooks: &[&str], trait_name: &str) -> Error {
    let name = ident.to_string();
    let nearest = hooks.iter().min_by_key(|known| distance(known, &name));
    let names: Vec<_> = hooks.iter().map(|hook| format!("`{hook}`")).collect();
    let message = match nearest.filter(|known| distance(known, &name) <= 3) {
        Some(known) => format!("{trait_name} has no hook `{name}`; did you mean `{known}`?"),
        None => format!(
            "{trait_name} has no hook `{name}`, only {}; put other functions into a separate `impl` block",
            names.join(", ")
        ),
    };
    Error::new(ident.span(), message)
}

/// Levenshtein distance: number of letters added, removed or changed.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("retrieve", "retreive"), 2);
        assert_eq!(distance("list", "list"), 0);
        assert_eq!(distance("", "abc"), 3);
    }
}
