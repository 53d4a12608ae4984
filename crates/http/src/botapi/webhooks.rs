//! setWebhook, deleteWebhook, getWebhookInfo.

use super::updates::allowed;
use super::{Done, json, refuse};
use crate::call::Asked;
use contactgram_hub::WebhookRequest;

/// `setWebhook`
pub(super) async fn set(asked: Asked) -> Done {
    let permit = asked.permit()?;
    let params = &asked.params;
    let text = |name: &str| params.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let certificate = match params.file("certificate") {
        Some(file) => match std::str::from_utf8(&file.bytes) {
            Ok(pem) => Some(pem.to_owned()),
            Err(_) => return Err(refuse("certificate must be a PEM file")),
        },
        None => text("certificate"),
    };
    let request = WebhookRequest {
        url: params.text("url").unwrap_or_default().trim().to_owned(),
        certificate,
        ip_address: text("ip_address"),
        max_connections: params.int("max_connections"),
        allowed: allowed(asked.hub(), permit.account(), params).await?,
        drop_pending: params.flag("drop_pending_updates"),
        secret_token: text("secret_token"),
    };
    Ok(asked.hub().set_webhook(&permit, request).await?)
}

/// `deleteWebhook`
pub(super) async fn delete(asked: Asked) -> Done {
    let permit = asked.permit()?;
    Ok(asked.hub().delete_webhook(&permit, asked.params.flag("drop_pending_updates")).await?)
}

/// `getWebhookInfo`
pub(super) async fn info(asked: Asked) -> Done {
    json(&asked.hub().webhook_info(&asked.permit()?).await?)
}
