//! `#[derive(Problem)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Error, Fields, LitInt, LitStr};

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    syn::parse2(item)
        .and_then(|input| derive(&input))
        .unwrap_or_else(|error| error.to_compile_error())
}

fn derive(input: &DeriveInput) -> Result<TokenStream, Error> {
    let name = &input.ident;
    let arms = match &input.data {
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let pattern = match variant.fields {
                    Fields::Named(_) => quote!({ .. }),
                    Fields::Unnamed(_) => quote!((..)),
                    Fields::Unit => quote!(),
                };
                let ident = &variant.ident;
                let problem = Said::of(&variant.attrs, ident.span())?.expression();
                Ok(quote!(#name::#ident #pattern => #problem))
            });
            combine(arms)?
        }
        Data::Struct(_) => {
            let problem = Said::of(&input.attrs, name.span())?.expression();
            vec![quote!(_ => #problem)]
        }
        Data::Union(_) => return Err(Error::new(name.span(), "a problem is an enum or a struct")),
    };
    let (generics, arguments, wheres) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::core::convert::From<#name #arguments> for ::resourceful::Error #wheres {
            fn from(error: #name #arguments) -> Self {
                let problem = match &error { #(#arms,)* };
                problem.with_source(error)
            }
        }
    })
}

/// All the results, or all the errors in one.
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

/// What one `#[problem(..)]` says.
struct Said {
    status: LitInt,
    detail: Option<LitStr>,
    problem_type: Option<LitStr>,
    title: Option<LitStr>,
}

impl Said {
    fn of(attributes: &[Attribute], span: Span) -> Result<Self, Error> {
        let (mut status, mut detail, mut problem_type, mut title) = (None, None, None, None);
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("problem"))
        {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("status") {
                    status = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("detail") {
                    detail = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("type") {
                    problem_type = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("title") {
                    title = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("it has `status`, `detail`, `type` and `title`"));
                }
                Ok(())
            })?;
        }
        let status: LitInt = status.ok_or_else(|| {
            Error::new(
                span,
                "which status does it have? Say `#[problem(status = 404)]`",
            )
        })?;
        if !matches!(status.base10_parse(), Ok(400..=599_u16)) {
            return Err(Error::new(
                status.span(),
                "the status of an error is 400 to 599",
            ));
        }
        if title.is_some() != problem_type.is_some() {
            return Err(Error::new(
                span,
                "`type` and `title` go together (RFC 9457 section 3.1)",
            ));
        }
        Ok(Self {
            status,
            detail,
            problem_type,
            title,
        })
    }

    fn expression(&self) -> TokenStream {
        let Self {
            status,
            detail,
            problem_type,
            title,
        } = self;
        let detail = detail.iter();
        let types = problem_type
            .iter()
            .zip(title)
            .map(|(uri, title)| quote!(.with_type(#uri, #title)));
        quote_spanned! {status.span()=>
            ::resourceful::Error::new(const { ::resourceful::ErrorStatus::new(#status) })
                #(.with_detail(#detail))* #(#types)*
        }
    }
}
