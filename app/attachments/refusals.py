"""Why an upload is refused."""

from app.kit.errors import DomainError


class EmptyFile(DomainError):
    status, code = 422, "empty_file"
    zh, en = "文件是空的", "The file is empty"


class UnsupportedFile(DomainError):
    status, code = 415, "unsupported_file"
    zh = "只接受 JPEG、PNG、WebP 照片和 PDF 文件"
    en = "Only JPEG, PNG and WebP images and PDF documents are accepted"


class TooManyPixels(DomainError):
    status, code = 422, "too_many_pixels"
    zh, en = "照片的像素太多，请缩小后再传", "The image has too many pixels; make it smaller"


class BrokenImage(DomainError):
    status, code = 422, "broken_image"
    zh, en = "照片已损坏或不完整", "The image is broken or incomplete"


class BrokenDocument(DomainError):
    status, code = 422, "broken_document"
    zh, en = "PDF 文件已损坏或不完整", "The PDF is broken or incomplete"


class UnsafeDocument(DomainError):
    status, code = 422, "unsafe_document"
    zh = "PDF 含有脚本、附件、启动动作或加密，请导出为普通 PDF 后再传"
    en = "The PDF holds scripts, files, launch actions or a password; export it as a plain PDF"


class UnknownAttachment(DomainError):
    """Also for one of somebody else, of another place, or in use already."""

    status, code = 422, "unknown_attachment"
    zh = "附件不存在、不是您上传的或已经用过"
    en = "No such attachment, or not uploaded by you, or in use already"


class TooManyAttachments(DomainError):
    status, code = 422, "too_many_attachments"
    zh, en = "最多附 9 个文件", "At most 9 attachments"


class PhotosOnly(DomainError):
    """Where nobody is told who made a thing: a document may name its author."""

    status, code = 422, "photos_only"
    zh = "这里不公开提出人，只能附照片：文件里可能写有作者"
    en = "The author is not published here, so only photos: a document may name its author"


class TooManyUnusedUploads(DomainError):
    status, code = 409, "too_many_unused_uploads"
    zh = "还没有用上的上传太多，请先用上，或等一天后自动清除"
    en = "Too many of your uploads are unused; use them, or wait a day until they are deleted"


class LinkExpired(DomainError):
    status, code = 403, "link_expired"
    zh, en = "链接已过期，请重新打开", "The link has expired; open it again"


class StoreUnavailable(DomainError):
    status, code = 503, "store_unavailable"
    zh = "附件存储暂时不可用，请稍后再试"
    en = "The file store is not available; try again shortly"
