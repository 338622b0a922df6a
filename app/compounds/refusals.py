"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class UnreadableRegister(DomainError):
    status, code = 422, "unreadable_register"
    zh, en = "读不懂这份房屋登记册", "The register file cannot be read"


class RegisterRefused(DomainError):
    status, code = 422, "register_refused"
    zh, en = "登记册有错误，一行也没有导入", "The register has errors; no row was imported"
