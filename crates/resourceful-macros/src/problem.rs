//! Expands `#[derive(Problem)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitInt, LitStr};

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    syn::parse2(item)
        .and_then(|input| derive(&input))
        .unwrap_or_else(|error| error.to_compile_error())
}

fn derive(input: &DeriveInput) -> Result<TokenStream, Error> {
    let name = &input.ident;
    let mut forwards = Vec::new();
    let mut kinds = Vec::new();
    let arms = match &input.data {
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let ident = &variant.ident;
                let args = Args::parse(&variant.attrs, ident.span())?;
                if args.transparent {
                    let (Fields::Unnamed(_), 1) = (&variant.fields, variant.fields.len()) else {
                        let message =
                            "a transparent problem must be a variant with one field: `V(Inner)`";
                        return Err(Error::new(ident.span(), message));
                    };
                    forwards.push(
                        quote!(#name::#ident(inner) => return ::core::convert::Into::into(inner)),
                    );
                    let inner = &variant.fields.iter().next().expect("it has one field").ty;
                    let variant = ident.to_string();
                    kinds.push(quote! {
                        let inner = <#inner as ::resourceful::Problems>::kinds();
                        kinds.extend(inner.into_iter().map(|kind| kind.with_variant(#variant)));
                    });
                    return Ok(quote!(#name::#ident(_) => unreachable!("returned above")));
                }
                let pattern = match variant.fields {
                    Fields::Named(_) => quote!({ .. }),
                    Fields::Unnamed(_) => quote!((..)),
                    Fields::Unit => quote!(),
                };
                let problem = args.expression(ident.span())?;
                let variant = ident.to_string();
                kinds.push(args.kind(Some(&variant)));
                Ok(quote!(#name::#ident #pattern => #problem))
            });
            combine(arms)?
        }
        Data::Struct(_) => {
            let args = Args::parse(&input.attrs, name.span())?;
            let problem = args.expression(name.span())?;
            kinds.push(args.kind(None));
            vec![quote!(_ => #problem)]
        }
        Data::Union(_) => {
            return Err(Error::new(
                name.span(),
                "a problem must be an enum or a struct",
            ));
        }
    };
    let forward = (!forwards.is_empty())
        .then(|| quote!(let error = match error { #(#forwards,)* other => other };));
    let variants = variants(&input.data);
    let unknown_variant = unknown_variant(name, &variants);
    let (generics, arguments, wheres) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::core::convert::From<#name #arguments> for ::resourceful::Error #wheres {
            #[allow(unreachable_patterns)]
            fn from(error: #name #arguments) -> Self {
                #forward
                let problem = match &error { #(#arms,)* };
                problem.with_source(error)
            }
        }

        #[automatically_derived]
        impl #generics ::resourceful::Problems for #name #arguments #wheres {
            const VARIANTS: &'static [&'static str] = &[#(#variants),*];
            const UNKNOWN_VARIANT: &'static str = #unknown_variant;

            fn kinds() -> ::std::vec::Vec<::resourceful::ProblemKind> {
                let mut kinds = ::std::vec::Vec::new();
                #(#kinds)*
                kinds
            }
        }
    })
}

fn variants(data: &Data) -> Vec<String> {
    match data {
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|variant| variant.ident.to_string())
            .collect(),
        _ => Vec::new(),
    }
}

/// The message for a name in `#[errors(..)]` that is no variant.
fn unknown_variant(name: &Ident, variants: &[String]) -> String {
    if variants.is_empty() {
        return format!("`#[errors(..)]` names variants, and `{name}` has none");
    }
    let names: Vec<_> = variants.iter().map(|name| format!("`{name}`")).collect();
    format!("`{name}` has no such variant, only {}", names.join(", "))
}

/// Collects all values, or combines all errors into one.
fn combine<T>(results: impl Iterator<Item = Result<T, Error>>) -> Result<Vec<T>, Error> {
    let mut values = Vec::new();
    let mut errors: Option<Error> = None;
    for result in results {
        match (result, &mut errors) {
            (Ok(value), _) => values.push(value),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), none) => *none = Some(error),
        }
    }
    errors.map_or(Ok(values), Err)
}

/// Arguments of `#[problem(..)]`.
#[derive(Default)]
struct Args {
    transparent: bool,
    status: Option<LitInt>,
    detail: Option<LitStr>,
    problem_type: Option<LitStr>,
    title: Option<LitStr>,
    retry_after: Option<LitInt>,
    challenge: Option<LitStr>,
}

impl Args {
    fn parse(attributes: &[Attribute], span: Span) -> Result<Self, Error> {
        let mut args = Self::default();
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("problem"))
        {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("transparent") {
                    args.transparent = true;
                } else if meta.path.is_ident("status") {
                    args.status = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("detail") {
                    args.detail = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("type") {
                    args.problem_type = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("title") {
                    args.title = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("retry_after") {
                    args.retry_after = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("challenge") {
                    let challenge: LitStr = meta.value()?.parse()?;
                    if !challenge.value().bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                        return Err(meta.error("a challenge must be visible ASCII"));
                    }
                    args.challenge = Some(challenge);
                } else {
                    let message = "unknown argument; the arguments are `status`, `detail`, `type`, `title`, `retry_after`, `challenge` and `transparent`";
                    return Err(meta.error(message));
                }
                Ok(())
            })?;
        }
        if args.title.is_some() != args.problem_type.is_some() {
            let message = "`type` and `title` must be set together (RFC 9457 section 3.1)";
            return Err(Error::new(span, message));
        }
        if args.transparent && args.status.is_some() {
            return Err(Error::new(
                span,
                "a transparent problem has the status of its inner error: remove `status`",
            ));
        }
        Ok(args)
    }

    /// Code for the `ProblemKind` in the API document. `expression` has checked the status.
    fn kind(&self, variant: Option<&str>) -> TokenStream {
        let variant = variant.iter();
        let status = &self.status;
        let detail = self.detail.iter();
        let types = self.problem_type.iter().zip(&self.title);
        let types = types.map(|(uri, title)| quote!(.with_type(#uri, #title)));
        let retry_after = self.retry_after.iter().map(|_| quote!(.with_retry_after()));
        quote! {
            kinds.push(
                ::resourceful::ProblemKind::new(const { ::resourceful::ErrorStatus::new(#status) })
                    #(.with_detail(#detail))* #(#types)* #(#retry_after)* #(.with_variant(#variant))*
            );
        }
    }

    /// Code that builds the `Error`.
    fn expression(&self, span: Span) -> Result<TokenStream, Error> {
        let Self {
            status,
            detail,
            problem_type,
            title,
            retry_after,
            challenge,
            ..
        } = self;
        let status = status.as_ref().ok_or_else(|| {
            Error::new(
                span,
                "the status is missing: write `#[problem(status = 404)]`",
            )
        })?;
        if !matches!(status.base10_parse(), Ok(400..=599_u16)) {
            return Err(Error::new(
                status.span(),
                "the status of an error must be 400 to 599",
            ));
        }
        let detail = detail.iter();
        let seconds = retry_after.iter().map(LitInt::base10_parse::<u64>);
        let seconds = seconds.collect::<Result<Vec<_>, _>>()?;
        let types = problem_type.iter().zip(title);
        let types = types.map(|(uri, title)| quote!(.with_type(#uri, #title)));
        let challenge = challenge.iter().map(|challenge| {
            quote!(.with_header(
                ::resourceful::http::header::WWW_AUTHENTICATE,
                ::resourceful::http::HeaderValue::from_static(#challenge),
            ))
        });
        Ok(quote_spanned! {status.span()=>
            ::resourceful::Error::new(const { ::resourceful::ErrorStatus::new(#status) })
                #(.with_detail(#detail))* #(#types)* #(.with_retry_after(#seconds))* #(#challenge)*
        })
    }
}
