"""A small bot as the users of python-telegram-bot write them: it knows of our server only its address.

Run by the tests in a process of its own: `echo_bot.py polling`, or `echo_bot.py webhook PORT`.
"""

import os
import sys

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters


async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes"), InlineKeyboardButton("No", callback_data="no")]])
    await update.message.reply_html(f"Hello, {update.effective_user.mention_html()}! Shall we?", reply_markup=keyboard)


async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.message.reply_text(update.message.text)


async def button(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    await query.answer(text=f"You said {query.data}")
    await query.edit_message_text(text=f"Selected option: {query.data}")


def main() -> None:
    api = os.environ["BOT_API"]
    builder = Application.builder().token(os.environ["BOT_TOKEN"])
    application = builder.base_url(f"{api}/bot").base_file_url(f"{api}/file/bot").build()
    application.add_handler(CommandHandler("start", start))
    application.add_handler(CallbackQueryHandler(button))
    application.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))
    if sys.argv[1] == "webhook":
        port = int(sys.argv[2])
        application.run_webhook(
            listen="127.0.0.1",
            port=port,
            url_path="hook",
            secret_token="a-secret_of-42",
            webhook_url=f"http://127.0.0.1:{port}/hook",
        )
    else:
        application.run_polling(allowed_updates=Update.ALL_TYPES)


if __name__ == "__main__":
    main()
