"""The service's refusals: code, status, message in two languages, and the shapes of the body."""

from typing import Any, Literal

Shape = Literal["error_code", "errorCode", "code", "nested"]
SHAPES: tuple[Shape, ...] = ("error_code", "errorCode", "code", "nested")

STATUS_OF = {
    400: (
        "DBS.200001 DBS.200004 DBS.200006 DBS.200040 DBS.200041 DBS.200086 DBS.200504 DBS.200543"
        " DBS.201014 DBS.270024 DBS.280001 DBS.280204 DBS.280238 DBS.280404 DBS.280439 DBS.280449"
        " DBS.290000 DBS.290001 DBS.05000001 DBS.05000008 DBS.05000009 DBS.05000012 APIGW.0201"
        " IAM.0007 IAM.0011 IAM.0072 IAM.0073 IAM.1101 IAM.1102 IAM.1103 IAM.1104 IAM.1105"
        " IAM.1106 IAM.1107 IAM.1108"
    ),
    401: (
        "APIGW.0301 APIGW.0303 APIGW.0305 APIGW.0307 IAM.0001 IAM.0061 IAM.0062 IAM.0063 IAM.0066"
        " IAM.0067"
    ),
    403: (
        "DBS.200010 DBS.200044 DBS.200604 DBS.201003 DBS.280015 DBS.280056 APIGW.0302 APIGW.0304"
        " APIGW.0306 APIGW.0310 APIGW.0802 IAM.0002 IAM.0003 IAM.0080 IAM.0081 IAM.0082"
    ),
    404: (
        "DBS.200002 DBS.200013 DBS.200045 DBS.200408 DBS.200602 DBS.201028 DBS.290005 DBS.290011"
        " DBS.290013 APIGW.0101 IAM.0004"
    ),
    409: (
        "DBS.200011 DBS.200019 DBS.200047 DBS.200316 DBS.201015 DBS.201202 DBS.201205 DBS.212006"
        " DBS.212033 DBS.280406 DBS.05000084"
    ),
    422: "DBS.212019",
    429: "APIGW.0308 IAM.0012",
    500: (
        "DBS.108000 DBS.108002 DBS.108005 DBS.200005 DBS.200208 DBS.213002 DBS.213004 DBS.290006"
        " DBS.290015 DBS.05000000 APIGW.0601 APIGW.0608 IAM.0006"
    ),
    502: "APIGW.0202",
    503: "APIGW.0606 APIGW.0613",
    504: "APIGW.0203 APIGW.0610",
}
"""Error codes by HTTP status: the appendix Error Codes, the gateway's and IAM's lists."""

CODES: dict[str, int] = {
    code: status for status, codes in STATUS_OF.items() for code in codes.split()
}

# The texts that an operator is likely to meet; the rest share one text for each status.
TEXTS: dict[str, tuple[str, str]] = {
    "DBS.200001": ("Parameter error.", "参数错误。"),
    "DBS.200002": ("The instance does not exist.", "实例不存在。"),
    "DBS.200006": ("The request is empty.", "请求为空。"),
    "DBS.200044": ("Resource not found or permission denied.", "资源不存在或没有权限。"),
    "DBS.200047": (
        "Another operation is being performed on the instance or the instance is faulty.",
        "实例正在执行其他操作或实例异常。",
    ),
    "DBS.200086": (
        "The instance status does not allow this operation.",
        "实例状态不允许执行该操作。",
    ),
    "DBS.200316": ("The storage of the instance is full.", "实例磁盘已满。"),
    "DBS.200543": ("The job does not exist.", "任务不存在。"),
    "DBS.201014": (
        "The instance status does not support this operation.",
        "实例状态不支持该操作。",
    ),
    "DBS.201205": ("A backup of the instance is being created.", "实例正在备份。"),
    "DBS.280001": ("Invalid parameter.", "参数无效。"),
    "DBS.280056": ("The token is invalid.", "Token无效。"),
    "DBS.280404": ("Invalid instance ID format.", "实例ID格式错误。"),
    "DBS.280406": (
        "The instance type or status does not allow this operation.",
        "实例类型或状态不允许执行该操作。",
    ),
    "DBS.280439": (
        "The number must be a positive integer within 100.",
        "数量必须为100以内的正整数。",
    ),
    "DBS.280449": ("The instance is frozen.", "实例已冻结。"),
    "DBS.290001": ("Incorrect letter case of a parameter.", "参数大小写错误。"),
    "DBS.05000008": (
        "The current version is the latest. No update is available.",
        "当前版本已是最新版本，无需升级。",
    ),
    "DBS.05000009": (
        "The value of truncate_lsn is above the threshold.",
        "truncate_lsn超过阈值。",
    ),
    "DBS.05000012": (
        "This instance has to be upgraded by technical support.",
        "该实例需要联系技术支持进行升级。",
    ),
    "APIGW.0101": (
        "The API does not exist or has not been published in the environment",
        "API不存在或未发布到环境",
    ),
    "APIGW.0201": ("Backend timeout or malformed request", "请求格式错误"),
    "APIGW.0301": ("Incorrect IAM authentication information", "IAM认证信息错误"),
    "APIGW.0303": (
        "Incorrect authentication information: check the clock",
        "认证信息错误：请检查时钟",
    ),
    "APIGW.0307": ("The token must be updated", "Token需要更新"),
    "APIGW.0308": ("The throttling threshold has been reached", "请求超过流控阈值"),
    "IAM.0004": ("Could not find the resource.", "资源不存在。"),
    "IAM.0061": ("The user is locked.", "用户已被锁定。"),
    "IAM.0062": ("Incorrect username or password.", "用户名或密码错误。"),
}
BY_STATUS: dict[int, tuple[str, str]] = {
    400: ("The request is invalid.", "请求无效。"),
    401: ("Authentication failed.", "认证失败。"),
    403: ("You do not have permission to perform this operation.", "没有权限执行该操作。"),
    404: ("The resource does not exist.", "资源不存在。"),
    409: ("Another operation is in progress.", "正在执行其他操作。"),
    422: ("The request cannot be processed.", "无法处理该请求。"),
    429: ("Too many requests.", "请求过于频繁。"),
    500: ("Internal server error.", "服务器内部错误。"),
    502: ("The backend service is unavailable.", "后端服务不可用。"),
    503: ("The service is unavailable.", "服务不可用。"),
    504: ("The backend service timed out.", "后端服务超时。"),
}


class ServiceError(Exception):
    """An answer other than 2xx, by the vendor's error code.

    `detail` completes the message (the gateway says there why it refused). Raises KeyError for a
    code that is not in the vendor's tables.
    """

    def __init__(self, code: str, detail: str = "", *, status: int | None = None) -> None:
        """`status` overrides the one that the tables give for the code."""
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.status = status or CODES[code]

    def message(self, language: str) -> str:
        """The text in "zh-cn", or in English for every other language."""
        english, chinese = TEXTS.get(self.code) or BY_STATUS[CODES[self.code]]
        text = chinese if language == "zh-cn" else english
        return f"{text}: {self.detail}" if self.detail else text

    def body(self, shape: Shape, language: str, request_id: str) -> dict[str, Any]:
        """The JSON body in one of the four shapes that are met behind the vendor's gateway."""
        text = self.message(language)
        if shape == "errorCode":
            return {"errorCode": self.code, "errorMsg": text}
        if shape == "code":
            return {"code": self.code, "message": text}
        if shape == "nested":
            return {"error": {"code": self.status, "message": text, "title": self.code}}
        body = {"error_code": self.code, "error_msg": text}
        return body | {"request_id": request_id} if self.code.startswith("APIGW.") else body
