//! Contacts in and out of files: a form that takes a file and says what came of it, and downloads in each format. What the
//! role may not see or write is neither in a file nor taken from one, as in the API.

use super::answer::{Seen, guarded, page_of};
use super::form::Form;
use super::shell::Shell;
use super::shell::path;
use super::visit::{Uploaded, Visit};
use crate::contacts::exported;
use crate::reply::Failure;
use askama::Template;
use axum::response::IntoResponse;
use contactgram_hub::access::{ContactsRead, ContactsWrite};
use contactgram_hub::{Answer, Error, Hub, ImportReport, ImportRequest, OnConflict, Permit};
use contactgram_model::Role;
use contactgram_model::scope::Scope;
use contactgram_wire::params::Params;
use contactgram_wire::transfer::Format;
use std::sync::Arc;

/// What a refusal may name.
const FIELDS: [&str; 2] = ["region", "file"];

#[derive(Template)]
#[template(path = "transfer.html")]
struct TransferPage {
    shell: Shell,
    at: String,
    form: Form,
    file: String,
    report: Option<ImportReport>,
    labels: Vec<String>,
    private: bool,
    may_write: bool,
}

/// `GET /portal/a/{account}/contacts/files`
pub(super) async fn show(visit: Visit) -> Seen {
    shown(&visit, Form::default(), None).await
}

async fn shown(visit: &Visit, form: Form, came: Option<(String, ImportReport)>) -> Seen {
    let (account, role) = visit.account()?;
    let (file, report) = came.unzip();
    page_of(
        form.is_wrong(),
        &TransferPage {
            shell: visit.shell("Contacts in and out of files", "contacts")?,
            at: path(account),
            file: file.unwrap_or_default(),
            report,
            labels: visit.hub().labels(&visit.permit::<ContactsRead>()?).await?,
            private: visit.caller()?.may(Scope::ContactsPrivate),
            may_write: role >= Role::Agent,
            form,
        },
    )
}

/// `POST /portal/a/{account}/contacts/import`
pub(super) async fn import(visit: Visit) -> Seen {
    let form = visit.form.clone();
    let chosen = visit.take_upload().filter(|upload| !upload.name.is_empty());
    let Some(upload) = chosen else {
        return shown(&visit, form.with("file", "choose a file first"), None).await;
    };
    let ending = upload.name.rsplit_once('.').and_then(|(_, ending)| Format::named(ending));
    let Some(format) = ending.or_else(|| Format::of_media_type(&upload.kind)) else {
        let form = form.with("file", "the name must end in .vcf, .csv or .jsonl, as what is in it");
        return shown(&visit, form, None).await;
    };
    let request = ImportRequest {
        format,
        region: form.some("region").map(|code| code.to_uppercase()),
        on_conflict: OnConflict::named(form.one("on_conflict")).unwrap_or_default(),
        dry_run: form.has("dry_run", "true"),
    };
    let (hub, permit, name) =
        (Arc::clone(visit.hub()), visit.permit::<ContactsWrite>()?, upload.name.clone());
    // A task of its own, so that what was written is noted also when the visitor goes.
    let work = tokio::spawn(take(hub, permit, request, upload));
    match work.await.map_err(|_| Error::internal("an import came to no end"))? {
        Ok(answer) => {
            let report = serde_json::from_str(&answer.result).map_err(Error::internal)?;
            shown(&visit, form, Some((name, report))).await
        }
        Err(Failure::Hub(error)) => shown(&visit, form.refused(error, &FIELDS)?, None).await,
        Err(other) => Err(other.into()),
    }
}

async fn take(
    hub: Arc<Hub>,
    permit: Permit<ContactsWrite>,
    request: ImportRequest,
    mut upload: Uploaded,
) -> Result<Answer, Failure> {
    let mut import = hub.import(permit, request, None).await?;
    let done = async {
        while let Some(piece) = upload.piece().await? {
            import.push(&piece).await?;
        }
        Ok(import.finish().await?)
    };
    let done: Result<Answer, Failure> = done.await;
    if done.is_err() {
        import.break_off().await;
    }
    done
}

/// `GET /portal/a/{account}/contacts/export`
pub(super) async fn export(visit: Visit) -> Seen {
    let format = Format::named(visit.query("format")).unwrap_or(Format::Csv);
    let params = Params::from_query(Some(&visit.raw_query));
    let answer =
        exported(Arc::clone(visit.hub()), &visit.permit::<ContactsRead>()?, (format, &params)).await?;
    let mut response = answer.into_response();
    guarded(response.headers_mut());
    Ok(response)
}
