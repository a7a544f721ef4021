"""The record as readers get it: typed, with the names that it has always had.

Attribute names are the record's own (camelCase), so that the typed form, the nested dict
and the HTTP answer are one and the same shape.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from voicebot.call import Needs, Speaker, Status, Step, Wish


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ServiceRecord(_Record):
    """A service as the business sells it; `price` is text."""

    id: str = ""
    name: str = ""
    price: str = ""
    description: str = ""


class CompanyRecord(_Record):
    """The business that was called."""

    id: str = ""
    name: str = ""
    email: str = ""
    address: str = ""


class HistoryMessage(_Record):
    """One thing said. `startedAt` is ISO 8601 UTC; `heard` says that the caller cut it off."""

    speaker: Speaker
    message: str
    startedAt: str
    heard: Literal["partial"] | None = None


class NoteRecord(_Record):
    """A note for staff; `at` is ISO 8601 UTC."""

    text: str
    at: str


class RevealRecord(_Record):
    """A member of staff had a call's data shown; `at` is ISO 8601 UTC."""

    callSid: str
    by: str
    at: str


class UserInfo(_Record):
    """The caller's answers, each with the moment it was saved (ISO 8601 UTC)."""

    name: str | None = None
    phone: str | None = None
    address: str | None = None
    email: str | None = None
    name_timestamp: str | None = None
    phone_timestamp: str | None = None
    address_timestamp: str | None = None
    email_timestamp: str | None = None
    service_timestamp: str | None = None
    time_timestamp: str | None = None


class User(_Record):
    """The caller: who, what and when. `serviceBookedTime` is ISO 8601 with offset."""

    userInfo: UserInfo = UserInfo()
    service: ServiceRecord | None = None
    serviceBookedTime: str | None = None


class Skeleton(_Record):
    """One call's record in the old system's form."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    callSid: str
    services: list[ServiceRecord] = []
    company: CompanyRecord = CompanyRecord()
    user: User = User()
    history: list[HistoryMessage] = []
    servicebooked: bool = False
    confirmEmailsent: bool = False
    createdAt: str = ""


class CallSkeleton(Skeleton):
    """One call's whole record. History is in the order in which things were said."""

    updatedAt: str = ""
    caller: str | None = None
    step: Step = Step.NAME
    status: Status = Status.ACTIVE
    needs: Needs | None = None
    """The work for staff; None where nothing is stored: it follows from the status."""
    wish: Wish = Wish.NOTHING
    notes: list[NoteRecord] = []
    confirmed: list[Step] = []
    dialogue: str | None = None
    bookingRevision: int = 0
    """The number of times that the appointment was moved or called off."""
    broken: bool = False
    """A key of another type stands at the record's place: nothing but the callSid is known."""

    @property
    def due(self) -> Needs:
        """The work for staff: as stored, else by how the call ended."""
        if self.needs is not None:
            return self.needs
        match self.status:
            case Status.TRANSFER:
                return Needs.PERSON
            case Status.INCOMPLETE | Status.ABANDONED:
                return Needs.FOLLOW_UP
        return Needs.NOTHING

    def nested(self) -> dict[str, object]:
        """Return the form that the old system returned: exactly its keys, no newer ones."""
        form = self.model_dump(mode="json", include=set(Skeleton.model_fields))
        form["history"] = [m.model_dump(mode="json", exclude_none=True) for m in self.history]
        return form
