using System.ComponentModel.DataAnnotations;

namespace Telemetry.Api;

/// <summary>Settings of the HTTP side, section <c>Telemetry:Api</c>.</summary>
public sealed class ApiOptions
{
    /// <summary>Where the API lies below the host, such as <c>/telemetry</c>; links carry it. Default: at the root.</summary>
    [RegularExpression("(/[^/?#]+)*", ErrorMessage = "Telemetry:Api:PathBase is empty or begins with a slash and does not end with one.")]
    public string PathBase { get; set; } = "";

    /// <summary>Origins, such as <c>https://dashboard.example</c>, whose pages may call the API; <c>*</c> for all. Default: none.</summary>
    public IList<string> CorsOrigins { get; } = [];

    /// <summary>How many rows a list has where the caller names no limit. At least 1; default 100.</summary>
    [Range(1, int.MaxValue, ErrorMessage = "Telemetry:Api:DefaultReturnLimit is at least 1.")]
    public int DefaultReturnLimit { get; set; } = 100;
}
