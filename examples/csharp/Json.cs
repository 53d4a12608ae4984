using System.IO;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Text;

namespace ContactgramExample
{
    [DataContract]
    public sealed class Contact
    {
        [DataMember(Name = "id", EmitDefaultValue = false)]
        public long Id { get; set; }

        [DataMember(Name = "first_name", EmitDefaultValue = false)]
        public string FirstName { get; set; }

        [DataMember(Name = "last_name", EmitDefaultValue = false)]
        public string LastName { get; set; }

        [DataMember(Name = "phone_number", EmitDefaultValue = false)]
        public string PhoneNumber { get; set; }
    }

    [DataContract]
    public sealed class Message
    {
        [DataMember(Name = "message_id")]
        public long MessageId { get; set; }

        [DataMember(Name = "text")]
        public string Text { get; set; }
    }

    [DataContract]
    public sealed class Update
    {
        [DataMember(Name = "update_id")]
        public long UpdateId { get; set; }

        [DataMember(Name = "message")]
        public Message Message { get; set; }
    }

    [DataContract]
    sealed class ContactPage
    {
        [DataMember(Name = "contacts")]
        public Contact[] Contacts { get; set; }

        [DataMember(Name = "next_cursor")]
        public string NextCursor { get; set; }
    }

    [DataContract]
    sealed class MessageToSend
    {
        [DataMember(Name = "chat_id")]
        public string ChatId { get; set; }

        [DataMember(Name = "text")]
        public string Text { get; set; }
    }

    [DataContract]
    sealed class GivenToken
    {
        [DataMember(Name = "access_token")]
        public string AccessToken { get; set; }

        [DataMember(Name = "expires_in")]
        public int ExpiresIn { get; set; }
    }

    [DataContract]
    sealed class Answer<T>
    {
        [DataMember(Name = "result")]
        public T Result { get; set; }
    }

    /// <summary>The API's refusals and OAuth2's, as far as they say why.</summary>
    [DataContract]
    sealed class Refusal
    {
        [DataMember(Name = "description")]
        public string Description { get; set; }

        [DataMember(Name = "error_description")]
        public string ErrorDescription { get; set; }

        [DataMember(Name = "parameters")]
        public RefusalParameters Parameters { get; set; }
    }

    [DataContract]
    sealed class RefusalParameters
    {
        [DataMember(Name = "retry_after")]
        public int? RetryAfter { get; set; }
    }

    /// <summary>Reads and writes the classes above. The serializer is one that .NET and Mono both have.</summary>
    static class Json
    {
        public static T Read<T>(string text)
        {
            using (var stream = new MemoryStream(Encoding.UTF8.GetBytes(text)))
            {
                return (T)new DataContractJsonSerializer(typeof(T)).ReadObject(stream);
            }
        }

        public static string Write(object body)
        {
            using (var stream = new MemoryStream())
            {
                new DataContractJsonSerializer(body.GetType()).WriteObject(stream, body);
                return Encoding.UTF8.GetString(stream.ToArray());
            }
        }
    }
}
