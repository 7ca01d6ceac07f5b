"""Sites that people come from: search engines, social networks, mail, assistants. By host, without `www.`."""

SEARCH, SOCIAL, EMAIL, ASSISTANT = "search", "social", "email", "assistant"

# A host stands for those under it, too; of two that fit the longer one counts.
SITES = {
    **dict.fromkeys(
        ("duckduckgo.com", "search.brave.com", "ecosia.org", "qwant.com", "startpage.com", "kagi.com", "swisscows.com",
         "mojeek.com", "ask.com", "search.aol.com", "aol.com", "baidu.com", "sogou.com", "so.com", "naver.com",
         "daum.net", "seznam.cz", "suche.t-online.de", "suche.web.de", "suche.gmx.net", "lite.qwant.com",
         "metager.de", "presearch.com", "ya.ru",
         "com.google.android.googlequicksearchbox"), SEARCH),
    **dict.fromkeys(
        ("facebook.com", "fb.com", "fb.me", "messenger.com", "instagram.com", "threads.net", "threads.com", "t.co",
         "twitter.com", "x.com", "linkedin.com", "lnkd.in", "pinterest.com", "pinterest.de", "pinterest.co.uk",
         "pinterest.fr", "pin.it", "reddit.com", "out.reddit.com", "tiktok.com", "youtube.com", "youtu.be", "vk.com",
         "ok.ru", "weibo.com", "snapchat.com", "tumblr.com", "xing.com", "quora.com", "t.me", "telegram.org",
         "whatsapp.com", "wa.me", "discord.com", "bsky.app", "mastodon.social", "twitch.tv", "vimeo.com",
         "com.facebook.katana", "com.instagram.android", "com.linkedin.android", "com.pinterest",
         "com.reddit.frontpage", "org.telegram.messenger", "com.twitter.android", "com.slack"), SOCIAL),
    **dict.fromkeys(
        ("mail.google.com", "outlook.live.com", "outlook.office.com", "outlook.office365.com", "mail.yahoo.com",
         "mail.aol.com", "icloud.com", "mail.ru", "e.mail.ru", "mail.yandex.ru", "mail.yandex.com", "mail.proton.me",
         "deref-gmx.net", "deref-web.de", "deref-mail.com", "gmx.net", "web.de", "orange.fr", "laposte.net",
         "mail.zoho.com", "app.fastmail.com", "mail.naver.com", "com.google.android.gm",
         "com.microsoft.office.outlook"), EMAIL),
    **dict.fromkeys(
        ("chatgpt.com", "chat.openai.com", "perplexity.ai", "gemini.google.com", "copilot.microsoft.com", "claude.ai",
         "chat.mistral.ai", "chat.deepseek.com", "grok.com", "you.com"), ASSISTANT),
}  # fmt: skip

# The same under the domain of each country.
_EVERYWHERE = frozenset({"google", "bing", "yahoo", "yandex"})
_MAIL_HOSTS = ("mail.", "webmail.")


def kind_of(host: str) -> str:
    """Which of the words above a host is, "" if none. host: in small letters."""
    labels = host.split(".")
    for begin in range(len(labels)):
        if found := SITES.get(".".join(labels[begin:])):
            return found
    # google.de, google.co.uk, google.com.br.
    second = -3 if len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) == 2 else -2
    if len(labels) >= -second and labels[second] in _EVERYWHERE:
        return EMAIL if host.startswith(_MAIL_HOSTS) else SEARCH
    return EMAIL if host.startswith(_MAIL_HOSTS) else ""
